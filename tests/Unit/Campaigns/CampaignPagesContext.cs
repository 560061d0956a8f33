using AdminPortal.Components.Shared;
using AdminPortal.Features.Campaigns;
using AdminPortal.Features.Templates;
using AdminPortal.Tenancy;
using Bunit;
using Ledgerpost;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Radzen;
using Radzen.Blazor;
using UnitTests.Support;

namespace UnitTests.Campaigns;

/// <summary>The campaign pages over a real database and the real commands; only the network is missing.</summary>
internal sealed class CampaignPagesContext : BunitContext
{
    // A limit and not a pause: a check runs at each rendering, and a busy machine renders late.
    static CampaignPagesContext() => DefaultWaitTimeout = TimeSpan.FromSeconds(20);

    public CampaignPagesContext(TestDatabase database, TestTenant tenant, TenantRole role)
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        JSInterop.SetupModule("./Features/Campaigns/Compose/ComposePage.razor.js").Mode = JSRuntimeMode.Loose;
        Services.AddLogging();
        Services.AddRadzenComponents();
        Services.AddScoped<Confirmations>();
        Services.AddScoped<Toasts>();
        Services.AddSingleton<TimeProvider>(database.Time);
        Services.AddSingleton<IIds>(database.Ids);
        Services.AddSingleton(database.Db);
        Services.AddSending("http://portal.test");
        Services.AddSingleton<IMailProvider>(new OneAnswerProvider(new ProviderAnswer.None("No network here.")));
        Services.AddCampaignFeature();
        Services.AddTemplateFeature();
        var session = new TenantSession(tenant.Id, tenant.Slug, "North Ltd", "UTC", role, tenant.As(role));
        RenderTree.Add<CascadingValue<TenantSession>>(cascade => cascade.Add(value => value.Value, session));
        Dialog = Render<RadzenDialog>();
    }

    /// <summary>Where questions are asked.</summary>
    public IRenderedComponent<RadzenDialog> Dialog { get; }

    public IEnumerable<string> Toasts =>
        Services.GetRequiredService<NotificationService>().Messages.Select(message => message.Summary);

    public IRenderedComponent<TPage> Show<TPage>(TestTenant tenant, Guid id, string? query = null)
        where TPage : IComponent
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo($"/t/{tenant.Slug}/campaigns/{id}{query}");
        return Render<TPage>(parameters =>
        {
            parameters.TryAdd("Slug", tenant.Slug);
            parameters.TryAdd("Id", id);
        });
    }

    /// <summary>A campaign that stopped, whose recipients are the tenant's contacts.</summary>
    public static async Task<Guid> AddStoppedAsync(
        TestDatabase database,
        TestTenant tenant,
        params RecipientState[] states
    )
    {
        var contacts = await database.AddContactsAsync(tenant, states.Length);
        var id = await database.AddCampaignAsync(tenant, CampaignStatus.Partial, states);
        await database.Db.WriteAsync(
            tenant.Scope,
            async (db, token) =>
            {
                (await db.Campaigns.SingleAsync(token)).StopReason = StopReason.ProviderUnavailable;
                foreach (var row in await db.Recipients.ToListAsync(token))
                {
                    row.ContactId = contacts[row.Number - 1];
                    row.ChunkNumber = row.State == RecipientState.Pending ? null : 1;
                }
            },
            CancellationToken.None
        );
        return id;
    }
}
