using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending;

namespace UnitTests.Model;

public sealed partial class IntentStatementTests
{
    private Task SeedAsync()
    {
        _otherAccount = _engine.Database.Ids.New();
        return _engine.Db.WriteAsync(
            _engine.Tenant.Scope,
            (db, _) =>
            {
                db.ProviderAccounts.Add(
                    new ProviderAccount
                    {
                        Id = _otherAccount,
                        BaseUrl = BaseUrl,
                        KeyFingerprint = "other",
                        CreatedAt = _engine.Time.GetUtcNow(),
                    }
                );
                var unverified = AddSender(db);
                foreach (var status in Statuses)
                {
                    foreach (var verified in Both)
                    {
                        foreach (var runUsesAccount in Both)
                        {
                            AddCampaign(
                                db,
                                status,
                                verified ? _engine.Tenant.SenderId : unverified,
                                verified,
                                runUsesAccount
                            );
                        }
                    }
                }

                return Task.CompletedTask;
            },
            CancellationToken.None
        );
    }

    private Guid AddSender(PortalDbContext db)
    {
        var (domain, sender) = (_engine.Database.Ids.New(), _engine.Database.Ids.New());
        db.SendingDomains.Add(
            new SendingDomain
            {
                TenantId = _engine.Tenant.Id,
                Id = domain,
                Name = "lost.test",
                AccountId = _engine.Database.AccountId,
                Status = Enum.GetValues<DomainStatus>().First(status => status != DomainStatus.Verified),
                CreatedAt = _engine.Time.GetUtcNow(),
            }
        );
        db.SenderIdentities.Add(
            new SenderIdentity
            {
                TenantId = _engine.Tenant.Id,
                Id = sender,
                DomainId = domain,
                LocalPart = "news",
                CreatedAt = _engine.Time.GetUtcNow(),
            }
        );
        return sender;
    }

    private void AddCampaign(PortalDbContext db, CampaignStatus status, Guid sender, bool verified, bool runUsesAccount)
    {
        var now = _engine.Time.GetUtcNow();
        var id = _engine.Database.Ids.New();
        db.Campaigns.Add(
            new Campaign
            {
                TenantId = _engine.Tenant.Id,
                Id = id,
                Name = $"{status}",
                Status = status,
                SenderId = sender,
                CurrentRun = 2,
                CreatedBy = "test",
                CreatedAt = now,
                UpdatedAt = now,
            }
        );
        for (var run = 1; run <= 2; run++)
        {
            db.Runs.Add(
                new Run
                {
                    TenantId = _engine.Tenant.Id,
                    CampaignId = id,
                    Number = run,
                    Kind = RunKind.Launch,
                    AccountId = runUsesAccount ? _engine.Database.AccountId : _otherAccount,
                    StartedBy = "test",
                    StartedAt = now,
                }
            );
        }

        var number = 0;
        foreach (var facts in Combinations(status, verified, runUsesAccount))
        {
            AddChunk(db, id, ++number, facts);
        }
    }

    /// <summary>Every combination of a leased chunk's facts; of other states each with all else as it should be.</summary>
    private static IEnumerable<IntentFacts> Combinations(CampaignStatus status, bool verified, bool runUsesAccount)
    {
        var good = new IntentFacts(
            ChunkState.Leased,
            EpochIsMine: true,
            GenerationIsMine: true,
            InDoubt: false,
            InstallationIsHeld: false,
            status,
            RunIsCurrent: true,
            runUsesAccount,
            AccountIsCurrent: true,
            verified,
            WindowIsOpen: true,
            WentThroughAccount: true,
            WentToBaseUrl: true
        );
        foreach (var state in Enum.GetValues<ChunkState>().Where(state => state != ChunkState.Leased))
        {
            yield return good with
            {
                State = state,
            };
            yield return good with
            {
                State = state,
                InDoubt = true,
            };
        }

        foreach (var epoch in Both)
        foreach (var generation in Both)
        foreach (var run in Both)
        {
            var leased = good with { EpochIsMine = epoch, GenerationIsMine = generation, RunIsCurrent = run };
            yield return leased;
            foreach (var window in Both)
            foreach (var account in Both)
            foreach (var url in Both)
            {
                yield return leased with
                {
                    InDoubt = true,
                    WindowIsOpen = window,
                    WentThroughAccount = account,
                    WentToBaseUrl = url,
                };
            }
        }
    }

    private void AddChunk(PortalDbContext db, Guid campaign, int number, IntentFacts facts)
    {
        var now = _engine.Time.GetUtcNow();
        var longest = _engine.Options.KeyWindow - _engine.Options.KeyWindowMargin;
        // The window's last second, and the first instant after it.
        DateTimeOffset? first = facts.InDoubt ? now - longest + TimeSpan.FromSeconds(facts.WindowIsOpen ? 1 : 0) : null;
        var chunk = new Chunk
        {
            TenantId = _engine.Tenant.Id,
            CampaignId = campaign,
            Number = number,
            RunNumber = facts.RunIsCurrent ? 2 : 1,
            FirstRecipient = 1,
            LastRecipient = 1,
            Generation = facts.GenerationIsMine ? MyGeneration : MyGeneration + 1,
            Epoch = facts.EpochIsMine ? MyEpoch : MyEpoch + 1,
            State = facts.State,
            Attempts = 1,
            FirstAttemptAt = first,
            DoubtfulSince = first,
        };
        if (facts.InDoubt)
        {
            chunk.Key = $"old/{campaign:N}/{number}";
            chunk.Payload = MailBatch.Compress("[]"u8.ToArray());
            chunk.PayloadHash = MailBatch.Hash("[]"u8.ToArray());
            chunk.AccountId = facts.WentThroughAccount ? _engine.Database.AccountId : _otherAccount;
            chunk.BaseUrl = facts.WentToBaseUrl ? BaseUrl : "http://elsewhere.test";
            db.Attempts.Add(
                new Attempt
                {
                    TenantId = chunk.TenantId,
                    CampaignId = campaign,
                    ChunkNumber = number,
                    Number = 1,
                    RunNumber = chunk.RunNumber,
                    Generation = chunk.Generation,
                    Epoch = 1,
                    Key = chunk.Key,
                    PayloadHash = chunk.PayloadHash,
                    RecipientNumbers = "1",
                    Mails = 1,
                    AccountId = chunk.AccountId.Value,
                    CleanHistory = true,
                    StartedAt = now,
                }
            );
        }

        db.Chunks.Add(chunk);
        _cases.Add(
            (
                facts,
                new ClaimedChunk(
                    chunk.TenantId,
                    campaign,
                    number,
                    chunk.RunNumber,
                    MyGeneration,
                    MyEpoch,
                    Repeat: facts.InDoubt
                )
            )
        );
    }
}
