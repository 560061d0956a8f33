using AdminPortal.Components.Layout;
using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Bunit;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Radzen;
using UnitTests.Support;

namespace UnitTests.Components;

public sealed class MainLayoutTests : BunitContext
{
    [Fact]
    public async Task Notices_OfAPageThatStandsOpen_ComeAndGo()
    {
        await using var database = await TestDatabase.CreateAsync();
        var shell = new Shell();
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddLogging();
        Services.AddRadzenComponents();
        Services.AddScoped<Toasts>();
        Services.AddSingleton<TimeProvider>(database.Time);
        Services.AddSingleton(new TenantDirectory(database.Db));
        Services.AddSingleton<IShellData>(shell);
        RenderFragment page = builder => builder.AddContent(0, "The page.");
        var layout = Render<MainLayout>(parameters => parameters.Add(part => part.Body, page));
        Assert.Empty(layout.FindAll(".banner"));

        shell.Notices = ["All sending is paused."];
        Look();
        layout.WaitForAssertion(() =>
            Assert.Equal("All sending is paused.", layout.Find(".banner").TextContent.Trim())
        );

        shell.Fails = true;
        Look();
        Assert.Single(layout.FindAll(".banner"));
        (shell.Fails, shell.Notices) = (false, []);
        Look();
        layout.WaitForAssertion(() => Assert.Empty(layout.FindAll(".banner")));

        void Look() => database.Time.Advance(TenantGate.LookAgain);
    }

    private sealed class Shell : IShellData
    {
        public IReadOnlyList<string> Notices { get; set; } = [];

        public bool Fails { get; set; }

        public Task<ShellView> LoadAsync(string? tenantSlug, CancellationToken ct) =>
            Fails
                ? Task.FromException<ShellView>(new IOException("Not just now."))
                : Task.FromResult(
                    new ShellView(null, [], null, [.. Notices.Select(notice => new ShellBanner(Tone.Bad, notice))])
                );
    }
}
