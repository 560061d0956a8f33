using System.Globalization;
using System.Text.Json;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>What tests of resumes, follow-ups and decisions do again and again.</summary>
internal static class LineageSteps
{
    /// <summary>A campaign that the daily quota stopped after so many chunks.</summary>
    public static async Task<Guid> StoppedAfterAsync(this EngineHarness engine, int chunks, int people)
    {
        await engine.Database.AddContactsAsync(engine.Tenant, people);
        engine.Provider.Then([.. Enumerable.Repeat(Fault.None, chunks), Fault.DailyQuota]);
        var id = await engine.LaunchAsync();
        await engine.RunAsync();
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(id)).Status);
        return id;
    }

    public static Task<FollowUpResult> TryFollowUpAsync(this EngineHarness engine, Guid source) =>
        engine.FollowUp.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), source, null, CancellationToken.None);

    public static async Task<Guid> FollowUpAsync(this EngineHarness engine, Guid source) =>
        Assert.IsType<FollowUpResult.Created>(await engine.TryFollowUpAsync(source)).Id;

    public static async Task LaunchDraftAsync(this EngineHarness engine, Guid draft)
    {
        var version = (await engine.CampaignAsync(draft)).Version;
        var admin = engine.Tenant.As(TenantRole.Admin);
        Assert.IsType<LaunchResult.Launched>(
            await engine.Launch.ExecuteAsync(admin, draft, version, CancellationToken.None)
        );
    }

    /// <summary>The draft leaves out the recipients of these.</summary>
    public static Task LeaveOutAsync(this EngineHarness engine, Guid draft, params Guid[] leftOut) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) =>
                (await db.Campaigns.SingleAsync(c => c.Id == draft, token)).LeavesOut = LeftOutCampaigns.Store(leftOut),
            CancellationToken.None
        );

    public static Task<DeleteDraftResult> DeleteDraftAsync(this EngineHarness engine, Guid draft) =>
        new DeleteDraft(engine.Db).ExecuteAsync(engine.Tenant.As(TenantRole.Editor), draft, CancellationToken.None);

    /// <summary>Deletes a contact as a person does.</summary>
    public static Task DeleteContactAsync(this EngineHarness engine, string email) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) =>
            {
                var contact = await db.Contacts.SingleAsync(c => c.NormalizedEmail == email, token);
                await db
                    .Recipients.Where(r => r.ContactId == contact.Id)
                    .ExecuteUpdateAsync(set => set.SetProperty(r => r.ContactId, (Guid?)null), token);
                db.Contacts.Remove(contact);
            },
            CancellationToken.None
        );

    public static Task ChangeAddressAsync(this EngineHarness engine, string from, string to) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db
                    .Contacts.Where(c => c.NormalizedEmail == from)
                    .ExecuteUpdateAsync(
                        set => set.SetProperty(c => c.Email, to).SetProperty(c => c.NormalizedEmail, to),
                        token
                    ),
            CancellationToken.None
        );

    /// <summary>A campaign whose first chunk is unknown: its one call had this fault, and then the key's window went by.</summary>
    /// <param name="keepSending">The others are not sent yet and the campaign is Sending; else it stops with them done.</param>
    public static async Task<Guid> UnknownAsync(
        this EngineHarness engine,
        Fault fault,
        int people = 100,
        bool keepSending = false
    )
    {
        await engine.Database.AddContactsAsync(engine.Tenant, people);
        engine.Provider.Then(fault);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        engine.Time.Advance(TimeSpan.FromHours(21));
        await engine.Expire.RunOnceAsync(CancellationToken.None);
        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);
        if (!keepSending)
        {
            await engine.RunAsync();
            Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(id)).Status);
        }

        return id;
    }

    public static Task<DecisionResult> DecideAsync(
        this EngineHarness engine,
        Guid id,
        UnknownDecision decision,
        int chunk = 1
    ) => engine.Decide.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, chunk, decision, CancellationToken.None);

    /// <summary>A tagged event about this mail comes, verified by the account, and is applied.</summary>
    public static async Task ReportAsync(this EngineHarness engine, Mail mail, string type, string? reason = null)
    {
        var body = JsonSerializer.Serialize(
            new
            {
                type,
                created_at = engine.Time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
                data = new
                {
                    email_id = mail.Id,
                    failed = new { reason },
                    tags = new Dictionary<string, string>
                    {
                        ["campaign"] = mail.CampaignTag,
                        ["recipient"] = mail.Recipient.ToString(CultureInfo.InvariantCulture),
                        ["chunk"] = mail.Chunk.ToString(CultureInfo.InvariantCulture),
                        ["generation"] = mail.Generation.ToString(CultureInfo.InvariantCulture),
                    },
                },
            }
        );
        await engine.Db.WriteAsync(
            TenantScope.Installation,
            (db, _) =>
            {
                db.WebhookMessages.Add(
                    new WebhookMessage
                    {
                        AccountId = engine.Database.AccountId,
                        MessageId = $"msg_{engine.Database.Ids.New():N}",
                        Body = body,
                        ReceivedAt = engine.Time.GetUtcNow(),
                    }
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
        while (await engine.Events.RunOnceAsync(CancellationToken.None) > 0) { }
    }

    /// <summary>Stronger than one mail per campaign: one mail to an address, whatever campaign it came from.</summary>
    public static void AssertNobodyTwiceOverAll(this EngineHarness engine) =>
        Assert.Empty(
            engine
                .Provider.Mailed.GroupBy(mail => mail.To, StringComparer.OrdinalIgnoreCase)
                .Where(group => group.Count() > 1)
                .Select(group => group.Key)
        );
}
