using Ledgerpost.Templates;

namespace AdminPortal.Features.Templates;

public static class TemplateServices
{
    public static IServiceCollection AddTemplateFeature(this IServiceCollection services) =>
        services
            .AddSingleton<TemplateList>()
            .AddSingleton<CreateTemplate>()
            .AddSingleton<ChangeTemplate>()
            .AddSingleton<DeleteTemplate>()
            .AddSingleton<StartFromTemplate>();
}
