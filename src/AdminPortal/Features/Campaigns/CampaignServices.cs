using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace AdminPortal.Features.Campaigns;

public static class CampaignServices
{
    /// <summary>Composing and looking; what sends is registered with the engine.</summary>
    public static IServiceCollection AddCampaignFeature(this IServiceCollection services) =>
        services
            .AddSingleton<CreateCampaign>()
            .AddSingleton<DuplicateCampaign>()
            .AddSingleton<SaveDraft>()
            .AddSingleton<DeleteDraft>()
            .AddSingleton<CampaignList>()
            .AddSingleton<CampaignPages>()
            .AddSingleton<CampaignAnswers>()
            .AddSingleton<EmailPages>()
            .AddSingleton<Emails.EmailAnswers>()
            .AddSingleton<OpenCampaign>()
            .AddSingleton<ListComposeChoices>()
            .AddSingleton<PreviewCampaign>()
            .AddSingleton<FindPreviewPeople>()
            .AddSingleton<Preflight>()
            .AddSingleton<RecipientList>()
            .AddSingleton<SummarizeLedgers>()
            .AddSingleton<RecipientTimeline>()
            .AddSingleton<CampaignActivity>()
            .AddSingleton<SendTestMail>();
}
