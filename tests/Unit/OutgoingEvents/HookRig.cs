using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledgerpost.Outbox;
using Ledgerpost.OutgoingEvents;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.OutgoingEvents;

/// <summary>The engine with endpoints and their deliveries, all on the engine's clock.</summary>
public sealed class HookRig : IAsyncDisposable
{
    private HookRig(EngineHarness engine, OutgoingEventOptions options)
    {
        Engine = engine;
        Http = new EventHttp(new NoResolver(), options, engine.Time);
        Create = new CreateEndpoint(engine.Db, Secrets, options);
        Change = new ChangeEndpoint(engine.Db, options);
        Delete = new DeleteEndpoint(engine.Db);
        Rotate = new RotateEndpointSecret(engine.Db, Secrets);
        Test = new SendTestEvent(engine.Db, Signal);
        Replay = new ReplayDelivery(engine.Db, Signal);
        Log = new DeliveryList(engine.Db);
        Forget = new ForgetDeliveries(engine.Db);
        Deliver = NewDeliver();
    }

    public EngineHarness Engine { get; }
    public EndpointSecrets Secrets { get; } = new(new EphemeralDataProtectionProvider());
    public EventHttp Http { get; }
    public OutgoingEventSignal Signal { get; } = new();
    public CreateEndpoint Create { get; }
    public ChangeEndpoint Change { get; }
    public DeleteEndpoint Delete { get; }
    public RotateEndpointSecret Rotate { get; }
    public SendTestEvent Test { get; }
    public ReplayDelivery Replay { get; }
    public DeliveryList Log { get; }
    public ForgetDeliveries Forget { get; }
    public DeliverEvents Deliver { get; }

    public Caller Admin => Engine.Tenant.As(TenantRole.Admin);

    /// <summary>Endpoints may lie on this machine.</summary>
    public static async Task<HookRig> CreateAsync(ManualTime? time = null, TimeProvider? clock = null) =>
        new(
            await EngineHarness.CreateAsync(time: time, clock: clock),
            new OutgoingEventOptions(AllowPrivateAddresses: true)
        );

    public DeliverEvents NewDeliver(Ledgerpost.Identity.AccountMailer? mailer = null) =>
        new(
            Engine.Db,
            Engine.Database.Ids,
            Http,
            Secrets,
            new Random(7),
            Engine.Crash,
            NullLogger<DeliverEvents>.Instance,
            mailer
        );

    public static string[] AllEvents => [.. EventTypes.All.Select(EventTypes.NameOf)];

    /// <summary>An endpoint at this server.</summary>
    public async Task<EndpointOutcome.Saved> SubscribeAsync(
        HookServer server,
        string[] events,
        TestTenant? tenant = null
    ) =>
        Assert.IsType<EndpointOutcome.Saved>(
            await Create.ExecuteAsync(
                (tenant ?? Engine.Tenant).As(TenantRole.Admin),
                new EndpointInput(server.Url, events),
                CancellationToken.None
            )
        );

    /// <summary>Everything that is due now.</summary>
    /// <returns>How many requests that were.</returns>
    public async Task<int> DeliverAsync(DeliverEvents? deliver = null)
    {
        var all = 0;
        while (true)
        {
            var made = 0;
            foreach (var due in await (deliver ?? Deliver).DueAsync(CancellationToken.None))
            {
                made += await (deliver ?? Deliver).ServeAsync(due, CancellationToken.None);
            }

            if (made == 0)
            {
                return all;
            }

            all += made;
        }
    }

    public async Task<List<EventDelivery>> DeliveriesAsync()
    {
        await using var db = Engine.Db.Read(Ledgerpost.Data.TenantScope.Installation);
        return await db.EventDeliveries.AsNoTracking().OrderBy(row => row.Id).ToListAsync();
    }

    public async Task<EventEndpoint> EndpointAsync(Guid id)
    {
        await using var db = Engine.Db.Read(Ledgerpost.Data.TenantScope.Installation);
        return await db.EventEndpoints.AsNoTracking().SingleAsync(row => row.Id == id);
    }

    public ValueTask DisposeAsync()
    {
        Http.Dispose();
        return Engine.DisposeAsync();
    }

    /// <summary>Addresses of tests are no names.</summary>
    private sealed class NoResolver : IEventResolver
    {
        public Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellation) =>
            throw new InvalidOperationException();
    }
}

/// <summary>A tenant's own program: keeps what it was told and answers as it is told.</summary>
public sealed class HookServer : IDisposable
{
    private readonly RawServer _server;

    public HookServer() =>
        _server = new RawServer(
            async (request, stream, token) =>
            {
                if (Before is { } before)
                {
                    await before(token);
                }

                await stream.WriteAsync(
                    Encoding.UTF8.GetBytes(
                        $"HTTP/1.1 {Status} Said\r\nContent-Length: {Encoding.UTF8.GetByteCount(Answer)}\r\n{More}\r\n{Answer}"
                    ),
                    token
                );
            }
        );

    public int Status { get; set; } = 200;
    public string Answer { get; set; } = "";

    /// <summary>Further lines of the head, each with its end.</summary>
    public string More { get; set; } = "";

    public Func<CancellationToken, Task>? Before { get; set; }

    public string Url => $"{_server.Url}/hooks";

    public IReadOnlyList<Hook> Hooks => [.. _server.Requests.Select(request => Hook.Read(request.Head, request.Body))];

    public IReadOnlyList<string> Types => [.. Hooks.Select(hook => hook.Type)];

    public void Dispose() => _server.Dispose();
}

/// <summary>One request as it came over the wire.</summary>
public sealed record Hook(IReadOnlyDictionary<string, string> Headers, byte[] Bytes, JsonElement Body)
{
    public string Id => Headers["webhook-id"];
    public string Type => Body.GetProperty("type").GetString()!;
    public JsonElement Data => Body.GetProperty("data");

    public static Hook Read(string head, byte[] body) =>
        new(
            head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
                .Skip(1)
                .Select(line => line.Split(':', 2))
                .ToDictionary(parts => parts[0], parts => parts[1].Trim(), StringComparer.OrdinalIgnoreCase),
            body,
            JsonDocument.Parse(body).RootElement
        );

    /// <summary>Standard Webhooks, written from its text and not from ours: any of the signatures will do.</summary>
    public bool IsSignedWith(string secret)
    {
        var key = Convert.FromBase64String(secret.Split('_', 2)[1]);
        using var hmac = new HMACSHA256(key);
        byte[] content =
        [
            .. Encoding.UTF8.GetBytes($"{Headers["webhook-id"]}.{Headers["webhook-timestamp"]}."),
            .. Bytes,
        ];
        var wanted = "v1," + Convert.ToBase64String(hmac.ComputeHash(content));
        return Headers["webhook-signature"].Split(' ').Contains(wanted, StringComparer.Ordinal);
    }

    public DateTimeOffset SentAt =>
        DateTimeOffset.FromUnixTimeSeconds(long.Parse(Headers["webhook-timestamp"], CultureInfo.InvariantCulture));
}
