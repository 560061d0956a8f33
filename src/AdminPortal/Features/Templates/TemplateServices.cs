using Ledgerpost.Contacts;
using Ledgerpost.Templates;

namespace AdminPortal.Features.Templates;

public static class TemplateServices
{
    public static IServiceCollection AddTemplateFeature(this IServiceCollection services) =>
        services
            .AddSingleton<OwnFieldNames>()
            .AddSingleton<TemplateList>()
            .AddSingleton<CreateTemplate>()
            .AddSingleton<ChangeTemplate>()
            .AddSingleton<DeleteTemplate>()
            .AddSingleton<StartFromTemplate>();
}
