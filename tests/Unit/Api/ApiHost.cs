using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using AdminPortal.Hosting;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Programs;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using UnitTests.Support;

namespace UnitTests.Api;

/// <summary>The portal as it is delivered with two tenants, north and south, and a key for everything in each.</summary>
public sealed class ApiHost : IAsyncDisposable
{
    public const string OperatorKey = "lp_op_0123456789abcdefghijklmnopqrstuvwxyz";

    private ApiHost(RealHost host, TestMember north, TestMember south) => (Host, North, South) = (host, north, south);

    public RealHost Host { get; }
    public TestMember North { get; }
    public TestMember South { get; }

    public static Task<ApiHost> StartAsync(params string[] settings) =>
        StartAsync(RealHost.NewFolder(), keepFolder: false, settings);

    /// <param name="configure">What is replaced before the container is built.</param>
    public static Task<ApiHost> StartAsync(Action<WebApplicationBuilder> configure) =>
        StartAsync(RealHost.NewFolder(), keepFolder: false, configure, []);

    /// <param name="keepFolder">The folder outlives this host, for another one to be started on it.</param>
    public static Task<ApiHost> StartAsync(string folder, bool keepFolder, params string[] settings) =>
        StartAsync(folder, keepFolder, configure: null, settings);

    private static async Task<ApiHost> StartAsync(
        string folder,
        bool keepFolder,
        Action<WebApplicationBuilder>? configure,
        string[] settings
    )
    {
        var host = await RealHost.StartAsync(
            folder,
            configure,
            keepFolder,
            [$"--Bootstrap:OperatorApiKey={OperatorKey}", .. settings]
        );
        return new ApiHost(host, await AddTenantAsync(host, "north"), await AddTenantAsync(host, "south"));
    }

    /// <param name="scopes">All of them when none is named.</param>
    public async Task<HttpClient> ProgramAsync(TestMember owner, params string[] scopes) =>
        Client(await KeyAsync(owner, scopes));

    public async Task<string> KeyAsync(TestMember owner, params string[] scopes) =>
        Assert
            .IsType<ApiKeyOutcome.Created>(
                await Host.Get<CreateApiKey>()
                    .ExecuteAsync(
                        owner.Caller,
                        new ApiKeyInput("Test", scopes.Length > 0 ? scopes : null),
                        CancellationToken.None
                    )
            )
            .Token;

    public HttpClient Client(string? key)
    {
        var client = new HttpClient(
            new DescribedAnswers(Host)
            {
                InnerHandler = new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromMinutes(1) },
            }
        )
        {
            BaseAddress = new Uri(Host.Address + "/api/v1/"),
        };
        if (key is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return client;
    }

    /// <summary>Nothing runs any more but what is asked for.</summary>
    public async Task StopLoopsAsync()
    {
        foreach (var loop in Host.Services.GetServices<IHostedService>().OfType<BackgroundService>())
        {
            await loop.StopAsync(CancellationToken.None);
        }
    }

    /// <param name="owner">North's when null.</param>
    /// <param name="domain">Known to the built-in provider as verified when it is the default.</param>
    public async Task<Guid> AddSenderAsync(TestMember? owner = null, string domain = DemoSeed.Domain)
    {
        owner ??= North;
        var (domainId, senderId) = (Host.Get<Ledgerpost.IIds>().New(), Host.Get<Ledgerpost.IIds>().New());
        await Host.Get<PortalDb>()
            .WriteAsync(
                owner.Caller.Scope,
                async (db, token) =>
                {
                    var now = Host.Get<TimeProvider>().GetUtcNow();
                    db.SendingDomains.Add(
                        new SendingDomain
                        {
                            TenantId = owner.TenantId,
                            Id = domainId,
                            Name = domain,
                            AccountId = await db
                                .ProviderAccounts.Where(account => account.IsCurrent)
                                .Select(account => account.Id)
                                .SingleAsync(token),
                            ProviderDomainId = ResendEmulator.Hosting.EmulatorIds.Stable(domain),
                            Status = DomainStatus.Verified,
                            NextCheckAt = now.AddDays(1),
                            CreatedAt = now,
                        }
                    );
                    db.SenderIdentities.Add(
                        new SenderIdentity
                        {
                            TenantId = owner.TenantId,
                            Id = senderId,
                            DomainId = domainId,
                            LocalPart = "news",
                            DisplayName = "The News",
                            CreatedAt = now,
                        }
                    );
                },
                CancellationToken.None
            );
        return senderId;
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    public static async Task<TestMember> AddTenantAsync(RealHost host, string slug)
    {
        Guid operatorId;
        await using (var db = host.Get<PortalDb>().Read(TenantScope.None))
        {
            operatorId = await db.Users.Where(user => user.IsOperator).Select(user => user.Id).SingleAsync();
        }

        var actor = new Actor(ActorKind.Operator, operatorId, "Operator", "192.0.2.1");
        var created = Assert.IsType<CreateTenantResult.Created>(
            // Without mails: its link is wanted here.
            await new CreateTenant(host.Get<PortalDb>()).ExecuteAsync(
                actor,
                new TenantInput(slug, slug, "UTC", $"owner@{slug}.test"),
                null,
                default
            )
        );
        Assert.IsType<SetUpResult.Done>(
            await host.Get<UseSetUpLink>()
                .ExecuteAsync(created.SetUpToken!, null, null, RealHost.Password, null, default)
        );
        await using var read = host.Get<PortalDb>().Read(TenantScope.For(created.TenantId));
        var owner = await read.Memberships.SingleAsync();
        return new TestMember(
            created.TenantId,
            new Caller(
                TenantScope.For(created.TenantId),
                new Actor(ActorKind.User, owner.UserId, $"Owner of {slug}", "192.0.2.2")
            )
        );
    }
}

/// <summary>A tenant and its owner.</summary>
public sealed record TestMember(Guid TenantId, Caller Caller);

/// <summary>Requests as programs make them, and their answers as JSON.</summary>
public static class ApiRequests
{
    public static async Task<ApiReply> SendAsync(
        this HttpClient client,
        HttpMethod method,
        string path,
        object? body = null,
        string? key = null
    )
    {
        using var request = new HttpRequestMessage(method, path.TrimStart('/'));
        if (body is not null)
        {
            request.Content = body as HttpContent ?? JsonContent.Create(body);
        }

        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return new ApiReply(
            (int)answer.StatusCode,
            text.Length == 0 ? default : JsonDocument.Parse(text).RootElement,
            answer.Headers.ToDictionary(
                header => header.Key,
                header => string.Join(", ", header.Value),
                StringComparer.OrdinalIgnoreCase
            ),
            answer.Content.Headers.ContentType?.MediaType
        );
    }

    /// <summary>A POST.</summary>
    public static Task<ApiReply> CreateAsync(this HttpClient client, string path, object? body, string? key = null) =>
        client.SendAsync(HttpMethod.Post, path, body, key);
}

public sealed record ApiReply(
    int Status,
    JsonElement Body,
    IReadOnlyDictionary<string, string> Headers,
    string? MediaType
)
{
    public string? Code => Text("code");

    /// <summary>A command to send was taken, and not before: 202, also where the sending was through before the answer.</summary>
    public void AssertTaken() => Assert.Equal((202, (string?)null, false), (Status, Code, WasReplayed));

    public bool WasReplayed => Headers.TryGetValue("Idempotency-Replayed", out var replayed) && replayed == "true";

    public string? Text(string field) => Body.TryGetProperty(field, out var value) ? value.ToString() : null;

    public IReadOnlyList<string> WrongFields =>
        Body.TryGetProperty("errors", out var errors)
            ? [.. errors.EnumerateArray().Select(error => error.GetProperty("field").GetString()!)]
            : [];
}
