using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using UnitTests.Support;

namespace UnitTests.Contacts;

/// <summary>A campaign with recipients, as a launch would leave it; only what these tests look at.</summary>
internal static class Ledger
{
    public static async Task<Guid> AddCampaignAsync(
        TestDatabase database,
        TestTenant tenant,
        IReadOnlyList<Guid> contactIds,
        CampaignStatus status = CampaignStatus.Sending,
        Guid? segmentId = null
    )
    {
        var campaignId = database.Ids.New();
        await database.Db.WriteAsync(
            tenant.Scope,
            (db, _) =>
            {
                var now = database.Time.GetUtcNow();
                db.Campaigns.Add(
                    new Campaign
                    {
                        TenantId = tenant.Id,
                        Id = campaignId,
                        Name = "Spring news",
                        Status = status,
                        SenderId = tenant.SenderId,
                        AudienceKind = segmentId is null ? AudienceKind.All : AudienceKind.Segment,
                        AudienceSegmentId = segmentId,
                        CreatedBy = "somebody",
                        CreatedAt = now,
                        UpdatedAt = now,
                    }
                );
                for (var i = 0; i < contactIds.Count; i++)
                {
                    db.Recipients.Add(
                        new Recipient
                        {
                            TenantId = tenant.Id,
                            CampaignId = campaignId,
                            Number = i + 1,
                            ContactId = contactIds[i],
                            Email = $"person{i + 1}@example.net",
                            NormalizedEmail = $"person{i + 1}@example.net",
                            State = RecipientState.Pending,
                            UpdatedAt = now,
                        }
                    );
                }

                return Task.CompletedTask;
            },
            CancellationToken.None
        );
        return campaignId;
    }
}
