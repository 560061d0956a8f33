using System.Net.Http.Headers;
using System.Text;
using AdminPortal.Hosting;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ResendEmulator.Faults;
using UnitTests.Support;

namespace UnitTests.Api;

/// <summary>The same request again where something goes wrong: another instance, a slow one, a lost commit, a key that was revoked.</summary>
public sealed class RepeatTests
{
    [PostgreSqlFact]
    public async Task SixtyFourAtOnce_SplitBetweenTwoInstances_SendOneCampaign()
    {
        await using var api = await ApiHost.StartAsync();
        await api.StopLoopsAsync();
        var sender = await api.AddSenderAsync();
        var key = await api.KeyAsync(api.North);
        using var one = api.Client(key);
        await one.CreateAsync("contacts", new { email = "ada@readers.example" });
        await using var second = await RealHost.StartAsync(
            RealHost.NewFolder(),
            configure: null,
            keepFolder: false,
            RealHost.OnPostgreSql(RealHost.ConnectionString(api.Host.Folder))
        );
        using var two = new HttpClient { BaseAddress = new Uri(second.Address + "/api/v1/") };
        two.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var body = new
        {
            subject = "Hello",
            html = "<p>News.</p>",
            sender_id = sender,
            audience = new { },
            send = true,
        };

        var replies = await Task.WhenAll(
            Enumerable.Range(0, 64).Select(i => (i % 2 == 0 ? one : two).CreateAsync("campaigns", body, "crowd-1"))
        );

        var (done, told) = (
            replies.Where(reply => reply.Status is 200 or 202).ToList(),
            replies.Where(reply => reply.Status is not (200 or 202)).ToList()
        );
        Assert.All(told, reply => Assert.Equal((409, "request_in_progress"), (reply.Status, reply.Code)));
        Assert.Single(done.Select(reply => reply.Text("id")).Distinct());
        Assert.Equal(done.Count - 1, done.Count(reply => reply.WasReplayed));
        await using var db = api.Host.Get<PortalDb>().Read(api.North.Caller.Scope);
        Assert.Equal((1, 1), (await db.Campaigns.CountAsync(), await db.Runs.CountAsync()));
    }

    [Fact]
    public async Task Request_WhileTheFirstIsNotAnswered_WaitsFiveSeconds_AndIsToldToComeAgain()
    {
        var (time, held) = (new ManualTime(TimeProvider.System.GetUtcNow()), new HeldAnswer());
        await using var api = await ApiHost.StartAsync(builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(time);
            builder.Services.AddSingleton<CrashPoints>(held);
        });
        using var program = await api.ProgramAsync(api.North);
        var body = new { email = "slow@example.net" };
        var first = program.CreateAsync("contacts", body, "slow-1");
        await held.Reached;

        var began = time.GetUtcNow();
        var second = program.CreateAsync("contacts", body, "slow-1");
        while (!second.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(0.5));
            await Task.WhenAny(
                second,
                Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None)
            );
        }

        var told = await second;
        held.Go();
        var (answered, again) = (await first, await program.CreateAsync("contacts", body, "slow-1"));
        Assert.Equal((409, "request_in_progress", "1"), (told.Status, told.Code, told.Headers["Retry-After"]));
        Assert.True(time.GetUtcNow() - began >= RequestKey.Patience);
        Assert.Equal((201, true, answered.Text("id")), (again.Status, again.WasReplayed, again.Text("id")));
    }

    [Fact]
    public async Task Commit_ThatIsNotConfirmed_IsToldAsInDoubt_AndTheSameRequestFindsItsAnswer()
    {
        var faults = new LostConfirmation();
        await using var api = await ApiHost.StartAsync(builder => builder.Services.AddSingleton<StorageFaults>(faults));
        using var program = await api.ProgramAsync(api.North);
        await api.StopLoopsAsync();
        // That a key was used is written down too, once a minute.
        await program.SendAsync(HttpMethod.Get, "contacts");
        var body = new { email = "doubt@example.net" };

        faults.Armed = true;
        var doubtful = await program.CreateAsync("contacts", body, "doubt-1");
        var again = await program.CreateAsync("contacts", body, "doubt-1");

        Assert.Equal((503, "commit_in_doubt", "1"), (doubtful.Status, doubtful.Code, doubtful.Headers["Retry-After"]));
        Assert.Equal((201, true, "doubt@example.net"), (again.Status, again.WasReplayed, again.Text("email")));
        await using var db = api.Host.Get<PortalDb>().Read(api.North.Caller.Scope);
        Assert.Equal(1, await db.Contacts.CountAsync());
    }

    [Fact]
    public async Task Key_RevokedBetweenSignInAndTransaction_GetsNoAnswerOfBefore()
    {
        await using var api = await ApiHost.StartAsync();
        var token = await api.KeyAsync(api.North);
        var program = Assert.IsType<ProgramIdentity.OfTenant>(
            await api.Host.Get<FindProgram>().ExecuteAsync(token, "192.0.2.7", CancellationToken.None)
        );
        await AskAsync();

        await api.Host.Get<RevokeApiKey>().ExecuteAsync(api.North.Caller, program.KeyId, CancellationToken.None);

        await Assert.ThrowsAsync<AccessDeniedException>(AskAsync);

        Task AskAsync() =>
            api
                .Host.Get<AddContact>()
                .ExecuteAsync(
                    new Caller(TenantScope.For(program.TenantId), program.AsActor("192.0.2.7"), ApiScopes.Contacts)
                    {
                        Record = new RequestRecord<ContactOutcome>(
                            new RequestKey("once", "/api/v1/contacts", () => "body"),
                            (_, _, _) => Task.FromResult(new CommandAnswer(201))
                        ),
                    },
                    new ContactInput("revoked@example.net", null, null, null)
                );
    }

    [Theory]
    [InlineData(5_000_001, 413, "body_too_large")]
    [InlineData(5_000_000, 422, "validation_failed")]
    public async Task Mail_OfMoreThanFiveMegabytes_IsRefused(int bytes, int status, string code)
    {
        await using var api = await ApiHost.StartAsync();
        using var program = await api.ProgramAsync(api.North);
        // As whoever sends much does: it is refused before it is sent.
        program.DefaultRequestHeaders.ExpectContinue = true;
        const string Before = "{\"html\":\"";
        using var body = new StringContent(
            Before + new string('x', bytes - Before.Length - 2) + "\"}",
            Encoding.UTF8,
            "application/json"
        );

        var reply = await program.CreateAsync("emails", body, "large-1");

        Assert.Equal((status, code), (reply.Status, reply.Code));
    }

    [Fact]
    public async Task WhatSends_IsAnsweredAsTakenTheFirstTime_AlsoWhereTheSendingIsThroughBeforeTheAnswer()
    {
        var answers = new LateAnswer();
        await using var api = await ApiHost.StartAsync(builder => builder.Services.AddSingleton<CrashPoints>(answers));
        using var program = await api.ProgramAsync(api.North);
        var sender = await api.AddSenderAsync();
        await program.CreateAsync("contacts", new { email = "ada@readers.example" });
        var draft = (await program.CreateAsync("campaigns", Campaign(send: false))).Text("id");
        var provider = api.Host.Get<EmbeddedEmulator>().Server!.Control;
        await provider.AddFaultAsync(
            new FaultRule
            {
                Kind = FaultKind.Refuse,
                Status = 429,
                Name = "daily_quota_exceeded",
                On = FaultTarget.Batch,
            }
        );
        answers.Until = () => StandsStillAsync(api);

        var partial = await program.CreateAsync("campaigns", Campaign(send: true), "once");
        await provider.HealAsync();
        partial.AssertTaken();
        Assert.Equal("partial", partial.Text("status"));
        foreach (
            var (path, body) in new (string, object?)[]
            {
                ($"campaigns/{partial.Text("id")}/resume", null),
                ($"campaigns/{draft}/send", null),
                ("campaigns", Campaign(send: true)),
                (
                    "emails",
                    new
                    {
                        to = "ada@readers.example",
                        subject = "Hello",
                        text = "Hello",
                        sender_id = sender,
                    }
                ),
            }
        )
        {
            var first = await program.CreateAsync(path, body, "twice");
            var again = await program.CreateAsync(path, body, "twice");

            first.AssertTaken();
            Assert.Equal("sent", first.Text("status"));
            Assert.Equal(
                (200, first.Text("id"), "sent", true),
                (again.Status, again.Text("id"), again.Text("status"), again.WasReplayed)
            );
        }

        object Campaign(bool send) =>
            new
            {
                subject = "Hello",
                html = "<p>News.</p>",
                sender_id = sender,
                audience = new { },
                send,
            };
    }

    /// <summary>Nothing is on its way any more.</summary>
    private static async Task StandsStillAsync(ApiHost api)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await IsUnderWayAsync())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
        }

        async Task<bool> IsUnderWayAsync()
        {
            await using var db = api.Host.Get<PortalDb>().Read(api.North.Caller.Scope);
            return await db.Campaigns.AnyAsync(row =>
                row.Status == CampaignStatus.Preparing || row.Status == CampaignStatus.Sending
            );
        }
    }

    [Fact]
    public async Task File_InChunks_WhoseLengthNobodySaid_IsTaken()
    {
        await using var api = await ApiHost.StartAsync();
        using var program = await api.ProgramAsync(api.North);
        program.DefaultRequestHeaders.TransferEncodingChunked = true;
        using var file = new StringContent("email\nin1@example.net\nin2@example.net\n");
        using var form = new MultipartFormDataContent { { file, "file", "chunked.csv" } };

        var begun = await program.CreateAsync("contacts/imports", form, "chunked-1");

        Assert.Equal((202, "chunked.csv"), (begun.Status, begun.Text("file_name")));
    }

    /// <summary>Each answer waits, once it is told for what.</summary>
    private sealed class LateAnswer : CrashPoints
    {
        public Func<Task>? Until { get; set; }

        public override async ValueTask ReachAsync(string point, CancellationToken cancellation)
        {
            if (point == BeforeAnswer && Until is { } until)
            {
                await until();
            }
        }
    }

    private sealed class HeldAnswer : CrashPoints
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void Go() => _go.TrySetResult();

        public override async ValueTask ReachAsync(string point, CancellationToken cancellation)
        {
            if (point == BeforeAnswer)
            {
                _reached.TrySetResult();
                await _go.Task.WaitAsync(cancellation);
            }
        }
    }

    /// <summary>One commit holds, and nobody hears of it.</summary>
    private sealed class LostConfirmation : StorageFaults
    {
        public bool Armed { get; set; }

        public override void AfterCommit()
        {
            if (Armed)
            {
                Armed = false;
                throw new IOException("The connection was lost.");
            }
        }
    }
}
