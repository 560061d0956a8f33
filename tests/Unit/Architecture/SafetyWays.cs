using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using UnitTests.Senders;
using UnitTests.Sending;
using UnitTests.Support;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Architecture;

/// <summary>For each mechanism a way in which it is needed: what comes before, and the step that needs it once.</summary>
internal static partial class SafetyWays
{
    public static readonly SafetyMechanism[] OnlySqlite =
    [
        SafetyMechanism.UnitRolledBack,
        SafetyMechanism.TransactionLost,
        // On PostgreSQL no start ends another instance's leases; they run out.
        SafetyMechanism.RecoveredAtStart,
    ];

    public static IReadOnlyDictionary<SafetyMechanism, Func<SafetyRig, Task<Func<Task>>>> All =>
        OfOneChunk.Concat(Around).ToDictionary();

    private static readonly Dictionary<SafetyMechanism, Func<SafetyRig, Task<Func<Task>>>> OfOneChunk = new()
    {
        [SafetyMechanism.IntentStale] = async rig =>
        {
            var (_, claim, prepared) = await rig.PreparedAsync();
            rig.Machine.Advance(TimeSpan.FromSeconds(rig.Engine.Options.LeaseSeconds + 1));
            await rig.ClaimAsync();
            return () => rig.IntentAsync(claim, prepared);
        },
        [SafetyMechanism.IntentDoubt] = async rig =>
        {
            var (_, claim, _) = await rig.PreparedAsync();
            return () => rig.IntentAsync(claim, prepared: null);
        },
        [SafetyMechanism.IntentCampaignStopped] = async rig =>
        {
            var (id, claim, prepared) = await rig.PreparedAsync();
            await rig.Engine.Pause.ExecuteAsync(Admin(rig), id, CancellationToken.None);
            return () => rig.IntentAsync(claim, prepared);
        },
        [SafetyMechanism.IntentOlderRun] = async rig =>
        {
            var (_, claim, prepared) = await rig.PreparedAsync();
            await rig.ChangeAsync(
                (db, token) => db.Campaigns.ExecuteUpdateAsync(set => set.SetProperty(c => c.CurrentRun, 2), token)
            );
            return () => rig.IntentAsync(claim, prepared);
        },
        [SafetyMechanism.IntentSenderLost] = async rig =>
        {
            var (_, claim, prepared) = await rig.PreparedAsync();
            await rig.ChangeAsync(
                (db, token) =>
                    db.SendingDomains.ExecuteUpdateAsync(
                        set => set.SetProperty(domain => domain.Status, DomainStatus.Failed),
                        token
                    )
            );
            return () => rig.IntentAsync(claim, prepared);
        },
        [SafetyMechanism.IntentOtherAccount] = async rig =>
        {
            var (_, claim) = await rig.DoubtfulAsync();
            var other = await ReplaceKeyAsync(rig);
            return () => rig.IntentAsync(claim, prepared: null, other);
        },
        [SafetyMechanism.IntentAccountLeft] = async rig =>
        {
            // Left between claim and intent: its key is there for what is in doubt, and for nothing else.
            var own = await rig.Engine.OwnAccountAsync("one");
            await rig.LaunchAsync(2);
            using var lane = rig.Engine.Lanes.Open(own);
            var claim = await lane.Claim.ExecuteAsync(own.Id, "worker", CancellationToken.None);
            var prepared = await rig.PrepareAsync(claim!);
            await rig.Engine.RemoveKeyAsync();
            await rig.Engine.VerifyAtAsync(await rig.Engine.Accounts.CurrentAsync(CancellationToken.None), "shared");
            return () => rig.IntentAsync(claim!, prepared, own.Id);
        },
        [SafetyMechanism.DomainMoved] = async rig =>
        {
            await rig.Engine.SetKeyAsync("re_one_first");
            await rig.Engine.VerifyAtAsync(await rig.Engine.OwnAsync(), "one");
            var provider = new ScriptedDomains { BeforeAnswer = () => rig.Engine.RemoveKeyAsync() };
            var check = new CheckSendingDomain(rig.Engine.Db, new DomainRegistration(rig.Engine.Db, provider));
            return () => check.ExecuteAsync(rig.Engine.Tenant.As(TenantRole.Admin), rig.Engine.Tenant.DomainId);
        },
        [SafetyMechanism.IntentWindowOver] = async rig =>
        {
            var (_, claim) = await rig.DoubtfulAsync();
            rig.Machine.Advance(TimeSpan.FromHours(21));
            return () => rig.IntentAsync(claim, prepared: null);
        },
        [SafetyMechanism.IntentHeld] = async rig =>
        {
            var (_, claim, prepared) = await rig.PreparedAsync();
            await Hold(rig).HoldAsync(HoldReason.Copied, "A test.", CancellationToken.None);
            return () => rig.IntentAsync(claim, prepared);
        },
        [SafetyMechanism.IntentTenantDeleted] = async rig =>
        {
            var (_, claim, prepared) = await rig.PreparedAsync();
            await new DeleteTenant(rig.Engine.Db, new DeletionSignal()).ExecuteAsync(
                Actor.CommandLine,
                rig.Engine.Tenant.Id,
                name: null,
                record: null,
                CancellationToken.None
            );
            return () => rig.IntentAsync(claim, prepared);
        },
        [SafetyMechanism.IntentClock] = async rig =>
        {
            var (_, claim, prepared) = await rig.PreparedAsync();
            rig.Machine.JumpWall(TimeSpan.FromDays(365));
            return () => rig.IntentAsync(claim, prepared);
        },
        [SafetyMechanism.IntentAudienceChanged] = async rig =>
        {
            var (_, claim, prepared) = await rig.PreparedAsync();
            await rig.Engine.SuppressAsync("person2@example.net");
            return () => rig.IntentAsync(claim, prepared);
        },
        [SafetyMechanism.IntentMembersChanged] = async rig =>
        {
            var (id, claim, prepared) = await rig.PreparedAsync();
            await LoseOneAfterTheIntentAsync(rig);
            return async () =>
            {
                await Assert.ThrowsAsync<InvalidOperationException>(() => rig.IntentAsync(claim, prepared));
                // Nothing of the intent is there.
                Assert.Equal(2, (await rig.Engine.CountsAsync(id)).Pending);
                var chunk = Assert.Single(await rig.Engine.ChunksAsync(id));
                Assert.Equal((0, null, null), (chunk.Attempts, chunk.Key, chunk.DoubtfulSince));
            };
        },
        [SafetyMechanism.IntentBytesChanged] = async rig =>
        {
            var (id, claim) = await rig.DoubtfulAsync();
            await rig.ChangeAsync(
                (db, token) =>
                    db.Chunks.ExecuteUpdateAsync(set => set.SetProperty(c => c.PayloadHash, "another"), token)
            );
            return async () =>
            {
                await Assert.ThrowsAsync<InvalidOperationException>(() => rig.IntentAsync(claim, null));
                // No second attempt was written, and so none is made.
                Assert.Equal(1, Assert.Single(await rig.Engine.ChunksAsync(id)).Attempts);
            };
        },
        [SafetyMechanism.IntentCommitInDoubt] = async rig =>
        {
            var (_, claim, prepared) = await rig.PreparedAsync();
            rig.Faults.FailNext = true;
            return () => rig.IntentAsync(claim, prepared);
        },
        [SafetyMechanism.CommitInDoubt] = async rig =>
        {
            var (_, claim, prepared) = await rig.PreparedAsync();
            rig.Faults.FailNext = true;
            return () => rig.IntentAsync(claim, prepared);
        },
        [SafetyMechanism.TooLateToPost] = rig => rig.AnswerAsync(new Outcome.NotSent(NotSentFor.TooLate)),
        [SafetyMechanism.BodyAskedForTwice] = rig =>
        {
            var time = rig.Engine.Db.Time;
            var request = new ProviderRequest(
                "http://provider.test",
                "/emails/batch",
                "1/key",
                new byte[] { 1 },
                Deadline.In(time, TimeSpan.FromSeconds(30))
            );
            return Task.FromResult<Func<Task>>(async () =>
            {
                using var http = new ResendHttp(new AsksTwice());
                var endpoint = new ProviderEndpoint(ProviderMode.Resend, request.BaseUrl, "re_key", []);
                var client = new ResendClient(http, endpoint, new NoOwnKeys(), time, rig.Engine.Db.Safety);
                Assert.IsType<ProviderAnswer.None>(await client.PostAsync(request, CancellationToken.None));
            });
        },
        [SafetyMechanism.RedirectNotFollowed] = rig => ClassifiedAsync(rig, 307, ""),
        [SafetyMechanism.AnswerProvesNothing] = rig => ClassifiedAsync(rig, 200, "<html>"),
        [SafetyMechanism.RefusalOnRepeat] = async rig =>
        {
            var (_, claim) = await rig.DoubtfulAsync();
            var repeat = Assert.IsType<IntentResult.Written>(await rig.IntentAsync(claim, prepared: null));
            return () => rig.SettleAsync(claim, repeat.Intent, Refusal(RefusalKind.Content));
        },
        [SafetyMechanism.KeyMismatch] = rig => rig.AnswerAsync(new Outcome.KeyMismatch("Another payload.")),
        [SafetyMechanism.StoppedAtOnce] = rig => rig.AnswerAsync(Refusal(RefusalKind.Key)),
        [SafetyMechanism.PatienceOver] = async rig =>
        {
            var (_, claim, prepared) = await rig.PreparedAsync();
            var written = Assert.IsType<IntentResult.Written>(await rig.IntentAsync(claim, prepared));
            var since = rig.Machine.GetUtcNow() - rig.Engine.Options.Patience;
            await rig.ChangeAsync(
                (db, token) =>
                    db.ProviderAccounts.ExecuteUpdateAsync(set => set.SetProperty(a => a.FailingSince, since), token)
            );
            return () => rig.SettleAsync(claim, written.Intent, new Outcome.Ambiguous("No answer."));
        },
        [SafetyMechanism.HeaderBounded] = rig =>
            rig.AnswerAsync(new Outcome.Refusal(RefusalKind.Rate, "rate_limit_exceeded", "", TimeSpan.FromDays(1000))),
        [SafetyMechanism.Bisected] = rig => rig.AnswerAsync(Refusal(RefusalKind.Content)),
        [SafetyMechanism.RefusedForAll] = async rig =>
        {
            rig.Engine.Provider.Always = Fault.BadAddress;
            await rig.LaunchAsync(people: 4);
            return () => rig.Engine.RunAsync();
        },
        [SafetyMechanism.SettleStale] = async rig =>
        {
            var (_, claim, prepared) = await rig.PreparedAsync();
            var written = Assert.IsType<IntentResult.Written>(await rig.IntentAsync(claim, prepared));
            rig.Machine.Advance(TimeSpan.FromSeconds(rig.Engine.Options.LeaseSeconds + 1));
            await rig.ClaimAsync();
            return () => rig.SettleAsync(claim, written.Intent, Refusal(RefusalKind.Rate));
        },
        [SafetyMechanism.SettleCommitInDoubt] = async rig =>
        {
            await rig.LaunchAsync();
            rig.Engine.Crash.On = point =>
            {
                rig.Faults.FailNext = point == CrashPoints.BeforeSettle;
                return Task.CompletedTask;
            };
            return () => rig.Engine.TurnAsync();
        },
        [SafetyMechanism.PrepareStale] = async rig =>
        {
            var id = await rig.LaunchAsync();
            var zombie = await rig.ClaimAsync();
            rig.Machine.Advance(TimeSpan.FromSeconds(rig.Engine.Options.LeaseSeconds + 1));
            await rig.ClaimAsync();
            await rig.Engine.SuppressAsync("person2@example.net");
            return async () =>
            {
                Assert.Null(await rig.Engine.Prepare.ExecuteAsync(zombie, recheck: true, CancellationToken.None));
                // Whoever unsubscribed is the other worker's to take out.
                Assert.Equal(2, (await rig.Engine.CountsAsync(id)).Pending);
            };
        },
        [SafetyMechanism.RecheckExcluded] = async rig =>
        {
            await rig.LaunchAsync();
            await rig.Engine.SuppressAsync("person2@example.net");
            return () => rig.Engine.TurnAsync();
        },
        [SafetyMechanism.CannotBeRendered] = async rig =>
        {
            await rig.LaunchAsync();
            await rig.ChangeAsync(
                async (db, token) =>
                {
                    var none = (string?)null;
                    await db.Campaigns.ExecuteUpdateAsync(
                        set => set.SetProperty(c => c.Subject, "{{first_name}}"),
                        token
                    );
                    await db
                        .Recipients.Where(r => r.Number == 1)
                        .ExecuteUpdateAsync(set => set.SetProperty(r => r.FirstName, none), token);
                }
            );
            return () => rig.Engine.TurnAsync();
        },
    };

    private static Caller Admin(SafetyRig rig) => rig.Engine.Tenant.As(TenantRole.Admin);

    private static Outcome.Refusal Refusal(RefusalKind kind) => new(kind, "validation_error", "No.", null);

    private static HoldSending Hold(SafetyRig rig) => new(rig.Engine.Db, Stamp(rig), NullLogger<HoldSending>.Instance);

    private static StampFile Stamp(SafetyRig rig) => new(Path.Combine(rig.Engine.Database.Folder, "portal.stamp"));

    private static async Task<Guid> ReplaceKeyAsync(SafetyRig rig)
    {
        rig.Engine.Probe.Reads = false;
        return (await rig.Engine.Accounts.EnsureAsync("http://provider.test", "re_other", CancellationToken.None)).Id;
    }

    /// <summary>As if the first recipient left the chunk between the look at the audience and the intent's statement.</summary>
    private static async Task LoseOneAfterTheIntentAsync(SafetyRig rig)
    {
        const string Lose = """UPDATE "Recipients" SET "State" = 'Refused' WHERE "Number" = 1;""";
        if (TestDatabase.Provider == DatabaseProvider.Sqlite)
        {
            await rig.ChangeAsync(
                (db, token) =>
                    db.Database.ExecuteSqlRawAsync(
                        $"""CREATE TRIGGER "lost" AFTER UPDATE ON "Chunks" BEGIN {Lose} END""",
                        token
                    )
            );
            return;
        }

        // As the owner of the tables, which the portal's roles are not.
        await using var owner = new NpgsqlConnection(rig.Engine.Database.ConnectionString);
        await owner.OpenAsync();
        await using var trigger = new NpgsqlCommand(
            $"""
            CREATE FUNCTION lost() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {Lose} RETURN NULL; END $$;
            CREATE TRIGGER lost AFTER UPDATE ON "Chunks" FOR EACH ROW EXECUTE FUNCTION lost();
            """,
            owner
        );
        await trigger.ExecuteNonQueryAsync();
    }

    private static Task<Func<Task>> ClassifiedAsync(SafetyRig rig, int status, string body)
    {
        var answer = new ProviderAnswer.Http(status, body, ProviderHeaders.Empty);
        return rig.AnswerAsync(AnswerClassifier.Classify(answer, mails: 2), answer);
    }

    /// <summary>As a handler that tries again by itself.</summary>
    private sealed class AsksTwice : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            await request.Content!.CopyToAsync(Stream.Null, cancellationToken);
            await request.Content!.CopyToAsync(Stream.Null, cancellationToken);
            return new HttpResponseMessage();
        }
    }
}
