using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using AdminPortal.Features.Campaigns.Watch;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>
/// The engine and its real client against a server that takes every batch and then answers badly for as long as patience
/// lasts: the campaign stops with the reason that its page shows, and once the server answers well everybody has one mail.
/// </summary>
public sealed class BadAnswerTests
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);

    /// <summary>Its name, how it answers, and a part of what the page says of it.</summary>
    public static TheoryData<string, string> Bad =>
        new()
        {
            { "fewer ids", "with 2 ids for 3 mails" },
            { "more ids", "with 4 ids for 3 mails" },
            { "one id thrice", "one id for several mails" },
            { "empty ids", "ids that are none" },
            { "no ids", "without the ids" },
            { "not JSON", "not JSON" },
            { "HTML", "not JSON" },
            { "deep JSON", "not JSON" },
            { "deep refusal", "not the provider answered 422" },
            { "HTML refusal", "not the provider answered 403" },
            { "fifty megabytes", "longer than 1 MiB" },
            { "unpacks to too much", "longer than 1 MiB" },
            { "redirect", "a redirect, which is not followed" },
            { "wrong encoding", "" },
            { "unknown encoding", "not JSON" },
            { "half an answer", "" },
            { "endless headers", "" },
            { "not HTTP", "" },
            { "trickle", "No answer within 60 seconds." },
        };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task BadAnswer_WithoutEnd_StopsWithItsReason_AndNobodyIsMailedTwice(string how, string words)
    {
        await using var engine = await EngineHarness.CreateAsync();
        engine.Options.Patience = TimeSpan.FromSeconds(15);
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        var kept = new ConcurrentDictionary<string, (string Body, string Ids)>();
        var well = false;
        using var server = new RawServer(
            async (request, stream, token) =>
            {
                var ids = Take(kept, request);
                await (well ? WriteAsync(stream, ids, token) : AnswerAsync(how, engine.Time, stream, token));
            }
        );
        using var http = ResendHttp.CreateClient();
        var account = await engine.Accounts.EnsureAsync(server.Url, "re_key", CancellationToken.None);
        var dispatcher = DispatcherTo(engine, http, server);
        var id = await engine.LaunchAsync();

        await RunAsync(engine, dispatcher, account.Id, id, CampaignStatus.Partial);

        var campaign = await engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Partial, StopReason.ProviderUnavailable), (campaign.Status, campaign.StopReason));
        Assert.Contains(words, campaign.StopDetail, StringComparison.Ordinal);
        Assert.NotEmpty(campaign.StopDetail!);
        var counts = await engine.CountsAsync(id);
        Assert.Equal(3, counts.InDoubt);
        Assert.Contains("3 people in doubt", StopStory.Of(campaign, counts).Details[0], StringComparison.Ordinal);

        well = true;
        await RunAsync(engine, dispatcher, account.Id, id, CampaignStatus.Sent);

        Assert.Equal(3, (await engine.CountsAsync(id)).Accepted);
        Assert.Single(kept);
        Assert.True(server.Requests.Count >= 3);
        Assert.Single(server.Requests.Select(request => Encoding.UTF8.GetString(request.Body)).Distinct());
    }

    [Fact]
    public async Task CampaignToNobody_IsRefusedAtTheLaunch_WithTheReason()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.DraftAsync();

        var result = await engine.Launch.ExecuteAsync(
            engine.Tenant.As(TenantRole.Admin),
            id,
            0,
            CancellationToken.None
        );

        Assert.Equal(["Nobody is in this audience."], Assert.IsType<LaunchResult.NotLaunchable>(result).Problems);
        Assert.Equal(CampaignStatus.Draft, (await engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task CampaignToNobodyButTheUnsubscribed_IsSentAtOnce_WithoutACall()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        await engine.SuppressAsync("person1@example.net");
        await engine.SuppressAsync("person2@example.net");

        var id = await engine.LaunchAsync();
        await engine.RunAsync();

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        Assert.Equal(2, (await engine.CountsAsync(id)).Excluded);
        Assert.Empty(engine.Provider.Calls);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1, 99)]
    [InlineData(0, 2)]
    public async Task TemplateThatThrowsForSome_RefusesThem_WithTheReason_AndTheRestGo(int named, int nameless)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await ToNamelessAsync(engine, named, nameless);

        await engine.RunAsync();

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.All(
            await db.Recipients.ToListAsync(),
            r =>
                Assert.Equal(
                    r.Email.StartsWith("nameless", StringComparison.Ordinal)
                        ? (RecipientState.Refused, Reasons.CannotBeRendered, "The subject is empty for this person.")
                        : (RecipientState.Accepted, null, null),
                    (r.State, r.Reason, r.Detail)
                )
        );
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task TemplateThatThrowsForEverybodyOfACall_IsNobodysFault_TheCampaignStops_AndAFollowUpMailsThem()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await ToNamelessAsync(engine, named: 0, nameless: 3);

        await engine.RunAsync();

        var stopped = await engine.CampaignAsync(id);
        Assert.Equal(
            (CampaignStatus.Partial, StopReason.ContentBroken, "The subject is empty for this person."),
            (stopped.Status, stopped.StopReason, stopped.StopDetail)
        );
        Assert.Equal(3, (await engine.CountsAsync(id)).Pending);
        var followUp = await engine.FollowUpAsync(id);
        await SetSubjectAsync(engine, followUp, "Hello");
        await engine.LaunchDraftAsync(followUp);
        await engine.RunAsync();
        Assert.Equal(3, (await engine.CountsAsync(followUp)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id, followUp);
    }

    /// <summary>A campaign whose subject is the first name alone.</summary>
    private static async Task<Guid> ToNamelessAsync(EngineHarness engine, int named, int nameless)
    {
        await engine.Database.AddContactsAsync(engine.Tenant, named);
        for (var i = 0; i < nameless; i++)
        {
            await engine.Database.AddContactAsync(engine.Tenant, $"nameless{i}@example.net");
        }

        var id = await engine.DraftAsync();
        await SetSubjectAsync(engine, id, "{{first_name}}");
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db
                    .Contacts.Where(c => c.Email.StartsWith("nameless"))
                    .ExecuteUpdateAsync(set => set.SetProperty(c => c.FirstName, (string?)null), token),
            CancellationToken.None
        );
        await engine.LaunchDraftAsync(id);
        return id;
    }

    private static Task SetSubjectAsync(EngineHarness engine, Guid id, string subject) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db
                    .Campaigns.Where(c => c.Id == id)
                    .ExecuteUpdateAsync(set => set.SetProperty(c => c.Subject, subject), token),
            CancellationToken.None
        );

    [Fact]
    public async Task TemplateThatNoLongerCompiles_IsNobodysFault_TheCampaignStopsWithTheReason()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        var id = await engine.LaunchAsync();
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db.Campaigns.ExecuteUpdateAsync(
                    set => set.SetProperty(c => c.Html, "<p>{{#if first_name}}</p>"),
                    token
                ),
            CancellationToken.None
        );

        await engine.RunAsync();

        var campaign = await engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Partial, StopReason.ContentBroken), (campaign.Status, campaign.StopReason));
        Assert.Contains("never closed", campaign.StopDetail, StringComparison.Ordinal);
        Assert.Equal(3, (await engine.CountsAsync(id)).Pending);
        Assert.Empty(engine.Provider.Calls);
    }

    private static Dispatcher DispatcherTo(EngineHarness engine, ResendHttp http, RawServer server) =>
        engine.NewDispatcher(
            new ResendClient(
                http,
                new ProviderEndpoint(ProviderMode.Resend, server.Url, "re_key", []),
                new NoOwnKeys(),
                engine.Time,
                engine.Db.Safety
            )
        );

    /// <summary>A provider's memory: who asks again under a key is told the first ids.</summary>
    private static string Take(
        ConcurrentDictionary<string, (string Body, string Ids)> kept,
        (string Head, byte[] Body) request
    )
    {
        var key = request
            .Head.Split("\r\n")
            .Single(line => line.StartsWith("Idempotency-Key:", StringComparison.Ordinal));
        var body = Encoding.UTF8.GetString(request.Body);
        using var mails = JsonDocument.Parse(body);
        var ids = JsonSerializer.Serialize(
            new { data = mails.RootElement.EnumerateArray().Select((_, i) => new { id = $"mail-{kept.Count}-{i}" }) }
        );
        var known = kept.GetOrAdd(key, (body, ids));
        Assert.Equal(known.Body, body);
        return known.Ids;
    }

    private static Task AnswerAsync(string how, ManualTime time, NetworkStream stream, CancellationToken token) =>
        how switch
        {
            "fewer ids" => WriteAsync(stream, """{"data":[{"id":"a"},{"id":"b"}]}""", token),
            "more ids" => WriteAsync(stream, """{"data":[{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"}]}""", token),
            "one id thrice" => WriteAsync(stream, """{"data":[{"id":"a"},{"id":"a"},{"id":"a"}]}""", token),
            "empty ids" => WriteAsync(stream, """{"data":[{"id":"a"},{"id":""},{}]}""", token),
            "no ids" => WriteAsync(stream, """{"ok":true}""", token),
            "not JSON" => WriteAsync(stream, "OK", token),
            "HTML" => WriteAsync(stream, "<!doctype html><title>Welcome</title>", token),
            "deep JSON" => WriteAsync(stream, $$"""{"data":{{new string('[', 300_000)}}""", token),
            "deep refusal" => WriteAsync(stream, $$"""{"message":{{new string('[', 300_000)}}""", token, 422),
            "HTML refusal" => WriteAsync(stream, "<html>error code: 1010</html>", token, 403),
            "fifty megabytes" => FiftyMegabytesAsync(stream, token),
            "unpacks to too much" => WriteBytesAsync(stream, Packed(), token, header: "Content-Encoding: gzip\r\n"),
            "redirect" => WriteAsync(stream, "", token, 307, "Location: /elsewhere\r\n"),
            "wrong encoding" => WriteAsync(stream, "not gzipped!", token, header: "Content-Encoding: gzip\r\n"),
            "unknown encoding" => WriteBytesAsync(stream, [1, 2, 3], token, header: "Content-Encoding: zstd\r\n"),
            "half an answer" => HalfAsync(stream, token),
            "endless headers" => EndlessHeadersAsync(stream, token),
            "not HTTP" => CloseAfterAsync(stream, "SSH-2.0-OpenSSH_9.9\r\n", token),
            "trickle" => TrickleAsync(time, stream, token),
            _ => throw new InvalidOperationException(how),
        };

    private static Task WriteAsync(
        NetworkStream stream,
        string body,
        CancellationToken token,
        int status = 200,
        string header = ""
    ) => WriteBytesAsync(stream, Encoding.UTF8.GetBytes(body), token, status, header);

    private static async Task WriteBytesAsync(
        NetworkStream stream,
        byte[] body,
        CancellationToken token,
        int status = 200,
        string header = ""
    )
    {
        var head = $"HTTP/1.1 {status} Some\r\n{header}Content-Length: {body.Length}\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), token);
        await stream.WriteAsync(body, token);
    }

    private static async Task FiftyMegabytesAsync(NetworkStream stream, CancellationToken token)
    {
        const int whole = 50 * 1024 * 1024;
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {whole}\r\n\r\n"), token);
        var block = new byte[64 * 1024];
        for (var sent = 0; sent < whole; sent += block.Length)
        {
            await stream.WriteAsync(block, token);
        }
    }

    /// <summary>Fifty megabytes of zeros in fifty kilobytes.</summary>
    private static byte[] Packed()
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Optimal))
        {
            var block = new byte[1024 * 1024];
            for (var i = 0; i < 50; i++)
            {
                gzip.Write(block);
            }
        }

        return packed.ToArray();
    }

    private static Task HalfAsync(NetworkStream stream, CancellationToken token) =>
        CloseAfterAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{\"data\":[{\"id\":\"a\"}", token);

    private static async Task EndlessHeadersAsync(NetworkStream stream, CancellationToken token)
    {
        await stream.WriteAsync("HTTP/1.1 200 OK\r\n"u8.ToArray(), token);
        var line = Encoding.ASCII.GetBytes($"x-more: {new string('y', 1000)}\r\n");
        while (true)
        {
            await stream.WriteAsync(line, token);
        }
    }

    private static async Task CloseAfterAsync(NetworkStream stream, string text, CancellationToken token)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text), token);
        stream.Close();
    }

    /// <summary>A byte every second, by the test's clock.</summary>
    private static async Task TrickleAsync(ManualTime time, NetworkStream stream, CancellationToken token)
    {
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"u8.ToArray(), token);
        while (true)
        {
            await stream.WriteAsync(" "u8.ToArray(), token);
            time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>One turn after the other, each when it is due; the clock stands still during a call unless the server moves it.</summary>
    private static async Task RunAsync(
        EngineHarness engine,
        Dispatcher dispatcher,
        Guid account,
        Guid campaign,
        CampaignStatus until
    )
    {
        for (var turn = 0; turn < 200 && (await engine.CampaignAsync(campaign)).Status != until; turn++)
        {
            var due = await engine.Claim.NextDueAsync(account, CancellationToken.None);
            var wait = due - engine.Time.GetUtcNow();
            // Past the pacer's space too, which would wait for this clock.
            engine.Time.Advance(TimeSpan.FromSeconds(1) + (wait > TimeSpan.Zero ? wait.Value : TimeSpan.Zero));
            using var limit = new CancellationTokenSource(CallLimit);
            await dispatcher.RunOnceAsync("worker", CancellationToken.None, limit.Token);
        }

        Assert.Equal(until, (await engine.CampaignAsync(campaign)).Status);
    }
}
