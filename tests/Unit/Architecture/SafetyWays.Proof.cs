using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Ledgerpost.Webhooks;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Sending;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Architecture;

/// <summary>Doubt and its proof, people of whom one wins, starts, clocks and the database.</summary>
internal static partial class SafetyWays
{
    private static readonly Dictionary<SafetyMechanism, Func<SafetyRig, Task<Func<Task>>>> Around = new()
    {
        [SafetyMechanism.DoubtExpired] = async rig =>
        {
            await rig.InDoubtAsync();
            rig.Machine.Advance(TimeSpan.FromHours(21));
            return () => rig.Engine.Expire.RunOnceAsync(CancellationToken.None);
        },
        [SafetyMechanism.AccountChanged] = async rig =>
        {
            await rig.LaunchAsync();
            await ReplaceKeyAsync(rig);
            return () => rig.Engine.Expire.RunOnceAsync(CancellationToken.None);
        },
        [SafetyMechanism.DoubtProven] = async rig =>
        {
            await rig.InDoubtAsync();
            return () => rig.Engine.ReportAsync(rig.Engine.Provider.Mailed[0], "email.delivered");
        },
        [SafetyMechanism.ProofContradicts] = async rig =>
        {
            var id = await rig.LaunchAsync();
            await rig.Engine.RunAsync();
            await rig.ChangeAsync(
                (db, token) =>
                    db
                        .Recipients.Where(r => r.Number == 1)
                        .ExecuteUpdateAsync(set => set.SetProperty(r => r.State, RecipientState.Refused), token)
            );
            return async () =>
            {
                await rig.Engine.ReportAsync(rig.Engine.Provider.Mailed[0], "email.delivered");
                Assert.Equal(2, (await rig.Engine.CountsAsync(id)).Accepted);
            };
        },
        [SafetyMechanism.ProofOfOtherAccount] = async rig =>
        {
            await rig.InDoubtAsync();
            await rig.ChangeAsync(
                (db, token) =>
                    db.Attempts.ExecuteUpdateAsync(set => set.SetProperty(a => a.AccountId, Guid.Empty), token)
            );
            return () => rig.Engine.ReportAsync(rig.Engine.Provider.Mailed[0], "email.delivered");
        },
        [SafetyMechanism.ProofIsHistory] = async rig =>
        {
            await rig.LaunchAsync();
            await rig.Engine.RunAsync();
            await rig.ChangeAsync(
                (db, token) => db.Recipients.ExecuteUpdateAsync(set => set.SetProperty(r => r.FailedChunk, 1), token)
            );
            return () => rig.Engine.ReportAsync(rig.Engine.Provider.Mailed[0], "email.failed");
        },
        [SafetyMechanism.EventSetAside] = async rig =>
        {
            await rig.LaunchAsync();
            await rig.Engine.RunAsync();
            // Two mails with one id, which no provider gives: the untagged event fits both.
            await rig.ChangeAsync(
                (db, token) =>
                    db.Recipients.ExecuteUpdateAsync(set => set.SetProperty(r => r.ProviderEmailId, "mail-x"), token)
            );
            await EventAsync(rig, "mail-x");
            return () => ApplyAsync(rig);
        },
        [SafetyMechanism.EventWaitedOut] = async rig =>
        {
            await EventAsync(rig, "foreign");
            await ApplyAsync(rig);
            rig.Machine.Advance(TimeSpan.FromDays(3));
            return () => ApplyAsync(rig);
        },
        [SafetyMechanism.EventUnsigned] = rig =>
        {
            var endpoint = new ProviderEndpoint(ProviderMode.Resend, "http://provider.test", "re_key", ["whsec_AAAA"]);
            var receive = new ReceiveWebhook(
                rig.Engine.Db,
                endpoint,
                rig.Engine.Accounts,
                new OwnWebhooks(
                    rig.Engine.Db,
                    new ProviderSecrets(new EphemeralDataProtectionProvider()),
                    NullLogger<OwnWebhooks>.Instance
                ),
                new EventAllowance(rig.Engine.Db, NullLogger<EventAllowance>.Instance),
                new WebhookInbox(rig.Engine.Db, new WebhookSignal())
            );
            return Act(() => receive.ExecuteAsync("msg_1", "0", "v1,AAAA", default, CancellationToken.None));
        },
        [SafetyMechanism.LineageExcluded] = async rig =>
        {
            var source = await rig.Engine.StoppedAfterAsync(chunks: 1, people: 102);
            var followUp = await rig.Engine.FollowUpAsync(source);
            await rig.Engine.LaunchDraftAsync(followUp);
            await rig.ChangeAsync(
                (db, token) =>
                    db
                        .Recipients.Where(r => r.CampaignId == source && r.State == RecipientState.Excluded)
                        .OrderBy(r => r.Number)
                        .Take(1)
                        .ExecuteUpdateAsync(set => set.SetProperty(r => r.State, RecipientState.Accepted), token)
            );
            return () => rig.Engine.TurnAsync();
        },
        [SafetyMechanism.MoveLost] = async rig =>
        {
            var id = await rig.LaunchAsync();
            await rig.Engine.Pause.ExecuteAsync(Admin(rig), id, CancellationToken.None);
            return async () =>
                Assert.Equal(
                    new TransitionResult(false, CampaignStatus.Paused),
                    await rig.Engine.Pause.ExecuteAsync(Admin(rig), id, CancellationToken.None)
                );
        },
        [SafetyMechanism.RequestReplayed] = async rig =>
        {
            await AskAsync(rig, "body");
            return () => AskAsync(rig, "body");
        },
        [SafetyMechanism.RequestReused] = async rig =>
        {
            await AskAsync(rig, "body");
            return () => AskAsync(rig, "another body");
        },
        [SafetyMechanism.ResumeOldPreview] = async rig =>
        {
            var id = await rig.Engine.StoppedAfterAsync(chunks: 0, people: 2);
            return () => rig.Engine.ResumeAsync(id, expectedRun: 0);
        },
        [SafetyMechanism.ResumeNotPartial] = async rig =>
        {
            var id = await rig.LaunchAsync();
            return () => rig.Engine.ResumeAsync(id);
        },
        [SafetyMechanism.ResumeContinued] = async rig =>
        {
            var id = await rig.Engine.StoppedAfterAsync(chunks: 0, people: 2);
            await rig.Engine.FollowUpAsync(id);
            return () => rig.Engine.ResumeAsync(id);
        },
        [SafetyMechanism.FollowUpLost] = async rig =>
        {
            var id = await rig.Engine.StoppedAfterAsync(chunks: 0, people: 2);
            await rig.Engine.FollowUpAsync(id);
            return () => rig.Engine.TryFollowUpAsync(id);
        },
        [SafetyMechanism.DecisionLost] = async rig =>
        {
            var id = await rig.InDoubtAsync();
            rig.Machine.Advance(TimeSpan.FromHours(21));
            await rig.Engine.Expire.RunOnceAsync(CancellationToken.None);
            await rig.Engine.DecideAsync(id, UnknownDecision.SendAgain);
            return () => rig.Engine.DecideAsync(id, UnknownDecision.TreatAsSent);
        },
        [SafetyMechanism.LateTakenOver] = async rig =>
        {
            await rig.Engine.Database.AddContactsAsync(rig.Engine.Tenant, 200);
            var source = await rig.Engine.LaunchAsync();
            rig.Engine.Provider.Then(Fault.DailyQuota, Fault.DailyQuota);
            rig.Engine.Provider.During = async () =>
            {
                rig.Engine.Provider.During = null;
                await rig.Engine.TurnAsync();
                await rig.Engine.FollowUpAsync(source);
            };
            return () => rig.Engine.TurnAsync(rig.Engine.NewDispatcher());
        },
        [SafetyMechanism.CleanTakenBack] = async rig =>
        {
            var id = await rig.Engine.StoppedAfterAsync(chunks: 0, people: 2);
            return () => rig.Engine.ResumeAsync(id);
        },
        [SafetyMechanism.RecoveredAtStart] = async rig =>
        {
            // Killed in the middle of its call: nobody waits for the lease.
            rig.Engine.Provider.Then(Fault.Crash);
            var id = await rig.LaunchAsync();
            await Assert.ThrowsAsync<SimulatedCrashException>(() => rig.Engine.TurnAsync());
            return async () =>
            {
                await rig.Engine.Recover.ExecuteAsync(CancellationToken.None);
                var chunk = Assert.Single(await rig.Engine.ChunksAsync(id));
                Assert.Equal((ChunkState.Planned, null, null), (chunk.State, chunk.LeaseOwner, chunk.NotBefore));
                Assert.True((await rig.ClaimAsync()).Repeat);
            };
        },
        [SafetyMechanism.LaunchFinished] = async rig =>
        {
            await rig.Engine.Database.AddContactsAsync(rig.Engine.Tenant, 2);
            await rig.Engine.DraftAsync();
            await rig.ChangeAsync(
                (db, token) =>
                    db.Campaigns.ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(c => c.Status, CampaignStatus.Preparing)
                                .SetProperty(c => c.FromHeader, "news@north.test"),
                        token
                    )
            );
            return () => rig.Engine.Recover.FinishLaunchesAsync(TimeSpan.Zero, CancellationToken.None);
        },
        [SafetyMechanism.ClocksContradict] = rig =>
        {
            rig.Machine.JumpWall(TimeSpan.FromDays(-2));
            var watch = new WatchClocks(
                rig.Engine.Db,
                Stamp(rig),
                new SilentReader(),
                rig.Engine.Accounts,
                rig.Engine.Options,
                NullLogger<WatchClocks>.Instance
            );
            return Act(async () =>
            {
                await watch.RunOnceAsync(CancellationToken.None);
                await watch.RunOnceAsync(CancellationToken.None);
            });
        },
        [SafetyMechanism.InstallationHeld] = rig =>
            Act(() => Hold(rig).HoldAsync(HoldReason.Copied, "A test.", CancellationToken.None)),
        [SafetyMechanism.OldDatabaseDoubted] = async rig =>
        {
            await rig.LaunchAsync();
            return () => Hold(rig).HoldOldDatabaseAsync(HoldReason.Restored, "A test.", CancellationToken.None);
        },
        [SafetyMechanism.ForeignRowRefused] = async rig =>
        {
            var (north, south) = (rig.Engine.Tenant, await rig.Engine.Database.AddTenantAsync("south"));
            return () =>
                Assert.ThrowsAsync<ForeignTenantException>(() =>
                    rig.Engine.Db.WriteAsync(
                        south.Scope,
                        (db, token) =>
                            Suppress.AddAsync(
                                db,
                                north.Id,
                                "a@example.net",
                                SuppressionReason.Manual,
                                null,
                                rig.Engine.Db.Time.GetUtcNow(),
                                rig.Engine.Database.Ids,
                                token
                            ),
                        CancellationToken.None
                    )
                );
        },
        [SafetyMechanism.ForeignRowRead] = rig =>
            Act(() =>
                Assert.ThrowsAsync<ForeignTenantException>(async () =>
                {
                    var (tenant, another) = (rig.Engine.Tenant.Scope, rig.Engine.Database.Ids.New());
                    await using var db = rig.Engine.Db.Read(tenant);
#pragma warning disable RS0030 // What nothing of ours may do.
                    await db
                        .ContactTags.FromSql(
                            $"""SELECT {another} AS "TenantId", {another} AS "ContactId", 'x' AS "Tag" """
                        )
                        .IgnoreQueryFilters()
                        .ToListAsync();
#pragma warning restore RS0030
                })
            ),
        [SafetyMechanism.UnitRolledBack] = rig =>
            Act(() =>
                Assert.ThrowsAsync<IOException>(() =>
                    rig.ChangeAsync((_, _) => throw new IOException("This one fails after it has written."))
                )
            ),
        [SafetyMechanism.TransactionLost] = rig =>
            Act(() =>
                Assert.ThrowsAsync<IOException>(() =>
                    rig.ChangeAsync(
                        async (db, token) =>
                        {
                            await db.Database.ExecuteSqlAsync($"ROLLBACK", token);
                            throw new IOException("The disk is full.");
                        }
                    )
                )
            ),
        [SafetyMechanism.AuditLogBroken] = async rig =>
        {
            var tenant = rig.Engine.Tenant;
            await rig.ChangeAsync(
                (db, _) =>
                {
                    db.AuditEntries.Add(
                        new AuditEntry
                        {
                            TenantId = tenant.Id,
                            Sequence = 1_000_000,
                            At = rig.Engine.Db.Time.GetUtcNow(),
                            ActorKind = ActorKind.System,
                            ActorName = "Nobody",
                            Action = "tenant.changed",
                            TargetKind = "tenant",
                            TargetId = tenant.Id.ToString(),
                            TargetName = "North",
                        }
                    );
                    return Task.CompletedTask;
                }
            );
            var anchors = new AuditAnchorFiles(Path.Combine(Path.GetTempPath(), "ledgerpost-no-anchors"));
            var (db, keys) = (rig.Engine.Db, UnitTests.Support.TestDatabase.AuditKeys);
            return () =>
                new AnchorAuditLogs(
                    db,
                    keys,
                    anchors,
                    new VerifyAuditLog(db, keys, anchors),
                    Microsoft.Extensions.Logging.Abstractions.NullLogger<AnchorAuditLogs>.Instance
                ).ExecuteAsync(CancellationToken.None);
        },
        [SafetyMechanism.DatabaseUnsafe] = rig =>
            Act(() =>
            {
                Assert.Throws<DatabaseUnsafeException>(() =>
                    new PortalDb(
                        "Host=localhost;No Reset On Close=true",
                        rig.Engine.Db.Time,
                        rig.Engine.Database.Ids,
                        UnitTests.Support.TestDatabase.AuditKeys,
                        provider: DatabaseProvider.PostgreSql,
                        safety: rig.Engine.Db.Safety
                    )
                );
                return Task.CompletedTask;
            }),
    };

    private static Task<Func<Task>> Act(Func<Task> act) => Task.FromResult(act);

    private static Task EventAsync(SafetyRig rig, string emailId) =>
        rig.ChangeAsync(
            (db, _) =>
            {
                db.WebhookMessages.Add(
                    new WebhookMessage
                    {
                        AccountId = rig.Engine.Database.AccountId,
                        MessageId = $"msg_{rig.Engine.Database.Ids.New():N}",
                        Body =
                            $$$"""{"type":"email.delivered","created_at":"2026-03-02T09:00:05Z","data":{"email_id":"{{{emailId}}}"}}""",
                        ReceivedAt = rig.Engine.Db.Time.GetUtcNow(),
                    }
                );
                return Task.CompletedTask;
            }
        );

    private static async Task ApplyAsync(SafetyRig rig)
    {
        while (await rig.Engine.Events.RunOnceAsync(CancellationToken.None) > 0) { }
    }

    private sealed class SilentReader : IProviderReader
    {
        public Task<ProviderAnswer> GetAsync(string baseUrl, string path, CancellationToken cancellation) =>
            Task.FromResult<ProviderAnswer>(new ProviderAnswer.None("No answer."));
    }

    /// <summary>A program's request under one key; the second time it is not carried out.</summary>
    private static async Task AskAsync(SafetyRig rig, string body)
    {
        var record = new RequestRecord<ContactOutcome>(
            new RequestKey("key", "/contacts", () => body),
            (_, _, _) => Task.FromResult(new CommandAnswer(201))
        );
        try
        {
            await new AddContact(rig.Engine.Database.Db).ExecuteAsync(
                Admin(rig) with
                {
                    Record = record,
                },
                new ContactInput("asked@example.net", null, null, null)
            );
        }
        catch (CommandAnsweredException)
        {
            Assert.True(record.WasReplayed || record.WasReused);
        }
    }
}
