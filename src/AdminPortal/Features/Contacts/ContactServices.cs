using AdminPortal.Hosting;
using Ledgerpost;
using Ledgerpost.Contacts;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Segments;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Suppression;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AdminPortal.Features.Contacts;

/// <summary>What the pages of contacts, segments, suppression and senders call.</summary>
internal static class ContactServices
{
    public static IServiceCollection AddContactFeature(this IServiceCollection services, string dataDirectory)
    {
        services.AddSingleton<ContactList>();
        services.AddSingleton<ContactExport>();
        services.AddSingleton<AddContact>();
        services.AddSingleton<ChangeContact>();
        services.AddSingleton<DeleteContacts>();
        services.AddSingleton<TagContacts>();
        services.AddSingleton<UntagContacts>();

        services.AddSingleton(_ => new ImportFiles(Path.Combine(dataDirectory, "imports")));
        services.AddSingleton<ImportSignal>();
        services.AddSingleton<StartImport>();
        services.AddSingleton<UnsubscribeImported>(_ => Suppress.ImportedAsync);
        services.AddSingleton<ContactImporter>();
        services.AddSingleton<ForgetImportLines>();
        services.AddSingleton<ImportReport>();

        services.AddSingleton<SegmentList>();
        services.AddSingleton<CreateSegment>();
        services.AddSingleton<ChangeSegment>();
        services.AddSingleton<DeleteSegment>();
        services.AddSingleton<AddToSegment>();
        services.AddSingleton<RemoveFromSegment>();

        services.AddSingleton<SuppressionList>();
        services.AddSingleton<AddSuppression>();
        services.AddSingleton<RemoveSuppression>();
        services.AddSingleton<UnsubscribeContact>();

        services.TryAddSingleton<IDomainProvider>(all => new ResendDomains(
            all.GetRequiredService<ResendHttp>(),
            () => all.GetRequiredService<ProviderConnection>().Endpoint,
            all.GetRequiredService<IOwnKeys>(),
            all.GetRequiredService<TimeProvider>()
        ));
        services.AddSingleton<DomainRegistration>();
        services.AddSingleton<SenderOverview>();
        services.AddSingleton<AddSendingDomain>();
        services.AddSingleton<CheckSendingDomain>();
        services.AddSingleton<RemoveSendingDomain>();
        services.AddSingleton<DomainSignal>();
        services.AddSingleton<RecheckDomains>();
        services.AddSingleton<SetOwnKey>();
        services.AddSingleton<RemoveOwnKey>();
        services.AddSingleton<AddOwnWebhookSecret>();
        services.AddSingleton<RemoveOwnWebhookSecret>();
        services.AddSingleton<OwnAccountOverview>();
        services.AddSingleton<AddSender>();
        services.AddSingleton<ChangeSender>();
        services.AddSingleton<RemoveSender>();
        return services;
    }
}
