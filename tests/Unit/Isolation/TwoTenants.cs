using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using AdminPortal;
using AdminPortal.Account;
using AdminPortal.Components;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using UnitTests.Api;
using UnitTests.Support;

namespace UnitTests.Isolation;

/// <summary>
/// The portal as it is delivered, its loops stopped, with North and South: each has a row in every table and a transactional
/// mail, and each of South's texts is a canary but its name and slug. North's owner asks, signed in and with a key for everything,
/// or an operator.
/// </summary>
internal sealed partial class TwoTenants : IAsyncDisposable
{
    public const string Canary = "southcanary";

    /// <summary>Name and slug of another tenant, which operators see.</summary>
    public const string NameOfAnother = $"{Canary}-other";

    private readonly HttpClient _program;
    private readonly HttpClient _browser;
    private readonly OpenedSession _session;
    private readonly IReadOnlyDictionary<string, Guid> _south;
    private readonly IReadOnlyDictionary<string, Guid> _north;
    private int _requests;

    private TwoTenants(
        ApiHost api,
        HttpClient program,
        HttpClient browser,
        OpenedSession session,
        IReadOnlyDictionary<string, Guid> south,
        IReadOnlyDictionary<string, Guid> north
    )
    {
        (Api, _program, _browser, _session, _south, _north) = (api, program, browser, session, south, north);
        Statements = StatementLog.Of(RealHost.ConnectionString(api.Host.Folder));
        Api.Host.Get<ILoggerFactory>().AddProvider(Log);
    }

    public ApiHost Api { get; }
    public StatementLog Statements { get; }

    /// <summary>Every line since the world was made.</summary>
    public HeardLog Log { get; } = new();

    public PortalDb Portal => Api.Host.Get<PortalDb>();

    /// <summary>Whoever asks, where that is an operator.</summary>
    public Actor Operator => PortalPrincipal.Of(_session).AsOperator();

    /// <param name="asOperator">An operator asks, signed in and with their key.</param>
    public static async Task<TwoTenants> StartAsync(bool asOperator = false)
    {
        var api = await ApiHost.StartAsync("--Api:RequestsPerMinute=1000000", "--Logging:LogLevel:Default=Trace");
        await api.StopLoopsAsync();
        var program = await api.ProgramAsync(api.North);
        var north = await FillAsync(api, api.North, program, "north");
        using var others = await api.ProgramAsync(api.South);
        var south = await FillAsync(api, api.South, others, Canary);
        var who = api.North.Caller.Actor.UserId!.Value;
        if (asOperator)
        {
            program.Dispose();
            program = api.Client(ApiHost.OperatorKey);
            await using var db = api.Host.Get<PortalDb>().Read(TenantScope.None);
            who = await db.Users.Where(user => user.IsOperator).Select(user => user.Id).SingleAsync();
        }

        var browser = await api.Host.SignedInAsync(asOperator ? RealHost.Email : "owner@north.test");
        var session = Assert.IsType<SignInAnswer.SignedIn>(
            await api
                .Host.Get<OpenSession>()
                .ExecuteAsync(who, SignInMethod.Password, new Origin("192.0.2.2", "Test"), CancellationToken.None)
        );
        return new TwoTenants(api, program, browser, session.Session, south, north);
    }

    /// <summary>The ids of the tenants' things, by their kind.</summary>
    public IReadOnlyDictionary<string, Guid> South => _south;

    public IReadOnlyDictionary<string, Guid> North => _north;

    public Guid OfSouth(string kind) => _south[kind];

    public Guid OfNorth(string kind) => _north[kind];

    /// <summary>The neighbour of an id, which is nobody's and sorts next to it.</summary>
    public static Guid Nobodys(Guid id)
    {
        var bytes = id.ToByteArray(bigEndian: true);
        bytes[^1] ^= 1;
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>With the key of whoever asks under the API, and in their browser elsewhere.</summary>
    /// <param name="text">With the places that <see cref="RouteAsk"/> knows.</param>
    public async Task<Answer> SendAsync(string method, RouteAsk text, Guid id)
    {
        var isApi = !text.Path.StartsWith('/');
        using var request = new HttpRequestMessage(new HttpMethod(method), Fill(text.Path, id));
        if (text.Body is { } body)
        {
            request.Content = new StringContent(Fill(body, id), Encoding.UTF8, "application/json");
        }

        if (isApi && method != "GET")
        {
            request.Headers.Add("Idempotency-Key", FormattableString.Invariant($"request-{++_requests}"));
        }

        Statements.Take();
        using var answer = await (isApi ? _program : _browser).SendAsync(request);
        var raw = await answer.Content.ReadAsStringAsync();
        return new Answer(
            (int)answer.StatusCode,
            Headers(answer.Headers, answer.Content.Headers, id),
            Plain(raw, id, made: method != "GET" && answer.IsSuccessStatusCode),
            Statements.Take(),
            $"{answer.Headers} {answer.Content.Headers} {raw}"
        );
    }

    /// <summary>A page as its circuit shows it, from the router down, in the session of whoever asks.</summary>
    public async Task<Answer> RenderAsync(RouteAsk text, Guid id)
    {
        Statements.Take();
        await using var scope = Api.Host.Services.CreateAsyncScope();
        var services = scope.ServiceProvider;
        ((IHostEnvironmentNavigationManager)services.GetRequiredService<NavigationManager>()).Initialize(
            Api.Host.Address + "/",
            Api.Host.Address + Fill(text.Path, id)
        );
        ((RevalidatePerson)services.GetRequiredService<AuthenticationStateProvider>()).SetAuthenticationState(
            Task.FromResult(new AuthenticationState(PortalPrincipal.Of(_session)))
        );
        string raw;
        await using (var renderer = new HtmlRenderer(services, services.GetRequiredService<ILoggerFactory>()))
        {
            raw = await renderer.Dispatcher.InvokeAsync(async () =>
            {
                try
                {
                    return (await renderer.RenderComponentAsync<Routes>()).ToHtmlString();
                }
                catch (NavigationException elsewhere)
                {
                    return "To " + elsewhere.Location;
                }
            });
        }

        return new Answer(StatusCodes.Status200OK, "", Plain(raw, id, made: false), Statements.Take(), raw);
    }

    public async ValueTask DisposeAsync()
    {
        Statements.Dispose();
        _program.Dispose();
        _browser.Dispose();
        await Api.DisposeAsync();
    }

    private string Fill(string text, Guid id) =>
        Place()
            .Replace(
                text,
                place =>
                    place.Groups["own"].Success
                        ? _north[place.Groups["own"].Value].ToString()
                        : place.Groups["how"].Value switch
                        {
                            "cursor:" => Cursor(id.ToString()),
                            "mails:" => Cursor($"1_{id:N}"),
                            "place:" => $"1_{id:N}",
                            _ => id.ToString(),
                        }
            );

    private static string Cursor(string after) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes("1:" + after)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static async Task<IReadOnlyDictionary<string, Guid>> FillAsync(
        ApiHost api,
        TestMember owner,
        HttpClient program,
        string canary
    )
    {
        var sender = await api.AddSenderAsync(owner, $"mail.{canary}.test");
        var mail = await program.CreateAsync(
            "emails",
            new
            {
                to = $"{canary}@example.net",
                subject = canary,
                html = $"<p>{canary}</p>",
                sender_id = sender,
            },
            canary
        );
        Assert.Equal(StatusCodes.Status202Accepted, mail.Status);
        var rows = await CanaryRows.AddAsync(api.Host.Get<PortalDb>(), owner.TenantId, canary);
        var other = await ApiHost.AddTenantAsync(api.Host, $"{canary}-other");
        return new Dictionary<string, Guid>(rows.Ids, StringComparer.Ordinal)
        {
            ["Email"] = Guid.Parse(mail.Text("id")!),
            ["Tenant"] = owner.TenantId,
            ["Newcomer"] = await AddMemberAsync(api, owner, $"new.{canary}@example.org"),
            ["Invited"] = await AddMemberAsync(api, owner, $"owner@{canary}-other.test", other.Caller.Actor.UserId),
            ["Member"] = owner.Caller.Actor.UserId!.Value,
        };
    }

    /// <param name="known">Whose account is there already: they are invited.</param>
    private static async Task<Guid> AddMemberAsync(ApiHost api, TestMember owner, string email, Guid? known = null)
    {
        var answer = await api
            .Host.Get<AddMember>()
            .ExecuteAsync(owner.Caller, email, TenantRole.Viewer, CancellationToken.None);
        return known is { } userId && answer is AddMemberResult.Invited
            ? userId
            : Assert.IsType<AddMemberResult.Added>(answer).UserId;
    }

    // What differs with each answer, for any id: the time, and how many requests are left.
    private static string Headers(HttpResponseHeaders headers, HttpContentHeaders ofContent, Guid id) =>
        string.Join(
                '\n',
                headers
                    .Concat(ofContent)
                    .Where(header =>
                        header.Key is not ("Date" or "Content-Length" or "RateLimit-Remaining" or "RateLimit-Reset")
                    )
                    .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}")
                    .Order(StringComparer.Ordinal)
            )
            .Replace(id.ToString(), "ID", StringComparison.OrdinalIgnoreCase);

    // Keys of forms and circuits are new in each answer; and so is what a command has made.
    private static string Plain(string text, Guid id, bool made)
    {
        var plain = Circuit()
            .Replace(text, "")
            .Replace(id.ToString(), "ID", StringComparison.OrdinalIgnoreCase)
            .Replace(id.ToString("N"), "ID", StringComparison.OrdinalIgnoreCase)
            .Replace(Cursor(id.ToString()), "CURSOR", StringComparison.Ordinal);
        return made ? NewEachTime.Blank(plain) : plain;
    }

    [GeneratedRegex(
        @"<(?<how>cursor:|mails:|place:)?(?<kind>[A-Z][A-Za-z]+)>|\[(?<own>[A-Z][A-Za-z]+)\]",
        RegexOptions.ExplicitCapture,
        1000
    )]
    public static partial Regex Place();

    [GeneratedRegex(
        "<!--.*?-->|lp-[a-z]+-[0-9]+|name=\"__RequestVerificationToken\" value=\"[^\"]*\"",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Circuit();
}

/// <summary>What was answered, with the id that was asked for taken out, and what the database was asked.</summary>
/// <param name="Raw">Every character that went out.</param>
internal sealed record Answer(int Status, string Headers, string Body, IReadOnlyList<string> Statements, string Raw)
{
    /// <summary>What whoever asked can see, and measure.</summary>
    public string All => $"{Status}\n{Headers}\n{Body}\n{string.Join('\n', Statements)}";

    public string Seen => $"{Status}\n{Body}";
}
