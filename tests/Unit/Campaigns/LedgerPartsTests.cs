using AdminPortal.Features.Campaigns.Watch;
using Bunit;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Campaigns;

/// <summary>Each part of the campaign page reads for itself: one that cannot for a moment does not take the page with it.</summary>
public sealed class LedgerPartsTests
{
    [Fact]
    public Task Activity_ThatCannotBeRead_StaysAndIsReadAgain() =>
        AssertStaysAsync<ActivityTab>(
            ".empty-state",
            (part, campaign, tick) =>
                part.Add(tab => tab.CampaignId, campaign.Id)
                    .Add(tab => tab.PageHref, page => $"?page={page}")
                    .Add(tab => tab.Tick, tick)
        );

    [Fact]
    public Task Story_ThatCannotBeRead_StaysAndIsReadAgain() =>
        AssertStaysAsync<RecipientPanel>(
            ".side-panel dl",
            (part, campaign, tick) =>
                part.Add(panel => panel.CampaignId, campaign.Id)
                    .Add(panel => panel.Number, 1)
                    .Add(panel => panel.CloseHref, "/")
                    .Add(panel => panel.Tick, tick)
        );

    [Fact]
    public Task CallsOfUnknownFate_ThatCannotBeRead_StayAndAreReadAgain() =>
        AssertStaysAsync<UnknownCard>(
            "#unknown-title",
            (part, campaign, tick) =>
                part.Add(card => card.CampaignId, campaign.Id)
                    .Add(card => card.Status, CampaignStatus.Partial)
                    .Add(card => card.Count, 1)
                    .Add(card => card.Tick, tick)
        );

    [Fact]
    public Task Content_ThatCannotBeRead_StaysAndIsReadAgain() =>
        AssertStaysAsync<ContentTab>(
            "iframe",
            (part, campaign, tick) =>
                part.Add(tab => tab.Campaign, campaign)
                    .Add(tab => tab.Recipients, 3)
                    // It is read for another person, not when the ledger moves.
                    .Add(tab => tab.Number, tick)
                    .Add(tab => tab.PersonHref, number => $"?recipient={number}")
        );

    private static async Task AssertStaysAsync<TPart>(
        string shown,
        Action<ComponentParameterCollectionBuilder<TPart>, Campaign, int> at
    )
        where TPart : IComponent
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CampaignPagesContext.AddStoppedAsync(
            database,
            tenant,
            RecipientState.Unknown,
            RecipientState.Accepted,
            RecipientState.Pending
        );
        Campaign campaign;
        await using (var db = database.Db.Read(tenant.Scope))
        {
            campaign = await db.Campaigns.SingleAsync(row => row.Id == id);
        }

        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Admin);
        var part = context.Render<TPart>(parameters => at(parameters, campaign, 1));
        part.WaitForAssertion(() => Assert.NotEmpty(part.FindAll(shown)));
        Assert.DoesNotContain("could not be read", part.Markup, StringComparison.Ordinal);

        using var statements = StatementLog.Of(database.ConnectionString);
        statements.Before = _ => throw new IOException("Not just now.");
        part.Render(parameters => at(parameters, campaign, 2));
        part.WaitForAssertion(() => Assert.Contains("could not be read", part.Markup, StringComparison.Ordinal));
        Assert.NotEmpty(part.FindAll(shown));

        statements.Before = null;
        part.Render(parameters => at(parameters, campaign, 2));
        part.WaitForAssertion(() => Assert.DoesNotContain("could not be read", part.Markup, StringComparison.Ordinal));
        Assert.NotEmpty(part.FindAll(shown));
    }
}
