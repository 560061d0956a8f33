using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Unsubscribe;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Ledgerpost.Sending;

/// <summary>The engine's parts. The host gives <see cref="PortalDb"/>, options, clock, ids and the provider's endpoint.</summary>
public static class SendingServices
{
    /// <param name="publicUrl"><c>Portal:PublicUrl</c>.</param>
    public static IServiceCollection AddSending(this IServiceCollection services, string publicUrl)
    {
        services.TryAddSingleton<CrashPoints>();
#pragma warning disable RS0030 // Jitter only; a test registers a seeded one before.
        services.TryAddSingleton(_ => new Random());
#pragma warning restore RS0030
        services.AddSingleton<Pacer>();
        services.AddSingleton<SendingSignal>();
        services.AddSingleton<CampaignNotifier>();
        services.AddSingleton<ProviderAccounts>();
        services.AddSingleton<ISendingAccount>(provider => provider.GetRequiredService<ProviderAccounts>());
        services.AddSingleton<ProviderSecrets>();
        services.AddSingleton<IOwnKeys, OwnKeys>();
        services.AddSingleton(provider => new UnsubscribeUrls(
            provider.GetRequiredService<PortalDb>(),
            publicUrl.TrimEnd('/')
        ));
        services.AddSingleton(provider => new ClaimChunk(
            provider.GetRequiredService<PortalDb>(),
            provider.GetRequiredService<SendingOptions>(),
            provider.GetRequiredService<Random>(),
            provider.GetRequiredService<Pacer>()
        ));
        services.AddSingleton<OwnLanes>();
        services.AddSingleton<OwnReconcilers>();
        services.AddSingleton<ForgetOwnKeys>();
        services.AddSingleton<PrepareChunk>();
        services.AddSingleton<RecordIntent>();
        services.AddSingleton<SettleAttempt>();
        services.AddSingleton<Dispatcher>();
        services.AddSingleton<ExpireDoubt>();
        services.AddSingleton<HoldSending>();
        services.AddSingleton<NoticeOldDatabase>();
        services.AddSingleton<ReleaseSending>();
        services.AddSingleton<WatchClocks>();
        services.AddSingleton<OpenQuestions>();
        services.AddSingleton<ProviderArchive>();
        services.AddSingleton<Reconciler>();
        services.AddSingleton<OwnArchives>();
        services.AddSingleton<ReplaySuppressions>();
        services.AddSingleton<RecoverAtStart>();
        services.AddSingleton<SendingLoops>();
        services.AddSingleton<LaunchCampaign>();
        services.AddSingleton<LaunchPreview>();
        services.AddSingleton<ScheduleCampaign>();
        services.AddSingleton<UnscheduleCampaign>();
        services.AddSingleton<LaunchDue>();
        services.AddSingleton<ComposeCampaign>();
        services.AddSingleton<SendEmail>();
        services.AddSingleton<PauseCampaign>();
        services.AddSingleton<ContinueCampaign>();
        services.AddSingleton<CancelCampaign>();
        services.AddSingleton<ResumePreview>();
        services.AddSingleton<ResumeCampaign>();
        services.AddSingleton<CreateFollowUp>();
        services.AddSingleton<DecideUnknown>();
        services.AddSingleton<ListUnknown>();
        services.AddSingleton<CampaignProgress>();
        services.AddSingleton<UnsubscribeByLink>();
        services.AddSingleton(provider => ResendHttp.CreateClient());
        services.AddSingleton<IMailProvider, ResendClient>();
        services.AddSingleton<ResendReader>();
        services.AddSingleton<IProviderReader>(provider => provider.GetRequiredService<ResendReader>());
        services.AddSingleton<IAccountProbe, ResendAccountProbe>();
        services.AddSingleton<IKeyCheck, ResendAccountProbe>();
        return services;
    }
}
