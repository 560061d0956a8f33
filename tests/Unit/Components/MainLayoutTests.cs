using AdminPortal.Components.Layout;
using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Bunit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Radzen;
using UnitTests.Support;

namespace UnitTests.Components;

public sealed class MainLayoutTests : BunitContext
{
    [SqliteFact]
    public async Task Notices_OfAPageThatStandsOpen_ComeAndGo()
    {
        await using var database = await TestDatabase.CreateAsync();
        var log = new FirstLine();
        var layout = Open(database, new ShellPerson("Ada", "ada@acme.test", Operator: false), log);
        Assert.Empty(layout.FindAll(".banner"));

        await HoldAsync(database, HoldReason.Restored);
        database.Time.Advance(TenantGate.LookAgain);
        layout.WaitForAssertion(() =>
            Assert.StartsWith(
                InstallationNotices.OfHold(HoldReason.Restored),
                layout.Find(".banner").TextContent.Trim(),
                StringComparison.Ordinal
            )
        );

        await ChangeAsync(database, """ALTER TABLE "Installation" RENAME TO "Elsewhere";""");
        database.Time.Advance(TenantGate.LookAgain);
        await log.Written.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Single(layout.FindAll(".banner"));

        await ChangeAsync(database, """ALTER TABLE "Elsewhere" RENAME TO "Installation";""");
        await HoldAsync(database, null);
        database.Time.Advance(TenantGate.LookAgain);
        layout.WaitForAssertion(() => Assert.Empty(layout.FindAll(".banner")));
    }

    [Fact]
    public async Task Notices_AreNotForWhoIsNotSignedIn()
    {
        await using var database = await TestDatabase.CreateAsync();
        var layout = Open(database, person: null, new FirstLine());

        await HoldAsync(database, HoldReason.Restored);
        using var statements = StatementLog.Of(database.ConnectionString);
        database.Time.Advance(TenantGate.LookAgain);

        Assert.Empty(statements.Take());
        Assert.Empty(layout.FindAll(".banner"));
    }

    [Fact]
    public async Task Frame_OfThePageBefore_ThatComesLate_IsNotShown()
    {
        await using var database = await TestDatabase.CreateAsync();
        var slow = new TaskCompletionSource<ShellView>();
        var shell = new Shell(new ShellPerson("Ada", "ada@acme.test", Operator: false)) { OfSlow = slow.Task };
        var layout = Open(database, shell, new FirstLine());
        var navigation = Services.GetRequiredService<NavigationManager>();

        navigation.NavigateTo("t/slow/campaigns");
        navigation.NavigateTo("t/quick/campaigns");
        layout.WaitForAssertion(() => Assert.Contains("Frame of quick", layout.Markup, StringComparison.Ordinal));
        slow.SetResult(shell.Of("slow"));
        // Whatever the late answer does, it has done when what comes after it on the same dispatcher has run.
        await layout.InvokeAsync(() => { });

        Assert.Contains("Frame of quick", layout.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("Frame of slow", layout.Markup, StringComparison.Ordinal);
    }

    private IRenderedComponent<MainLayout> Open(TestDatabase database, ShellPerson? person, FirstLine log) =>
        Open(database, new Shell(person), log);

    private IRenderedComponent<MainLayout> Open(TestDatabase database, Shell shell, FirstLine log)
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddLogging();
        Services.AddRadzenComponents();
        Services.AddScoped<Toasts>();
        Services.AddSingleton<TimeProvider>(database.Time);
        Services.AddSingleton(new TenantDirectory(database.Db));
        Services.AddSingleton(new InstallationNotices(database.Db));
        Services.AddSingleton<ILogger<MainLayout>>(log);
        Services.AddSingleton<IShellData>(shell);
        RenderFragment page = builder => builder.AddContent(0, "The page.");
        return Render<MainLayout>(parameters => parameters.Add(part => part.Body, page));
    }

    private static Task HoldAsync(TestDatabase database, HoldReason? reason) =>
        database.Db.WriteAsync(
            TenantScope.Installation,
            (db, token) => db.Installation.ExecuteUpdateAsync(set => set.SetProperty(row => row.Hold, reason), token),
            CancellationToken.None
        );

    /// <summary>Beside the portal, which has no such statement.</summary>
    private static async Task ChangeAsync(TestDatabase database, string statement)
    {
        await using var connection = new SqliteConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // This test's own text.
        command.CommandText = statement;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    private sealed class Shell(ShellPerson? person) : IShellData
    {
        public Task<ShellView>? OfSlow { get; init; }

        public Task<ShellView> LoadAsync(string? tenantSlug, CancellationToken ct) =>
            tenantSlug == "slow" ? OfSlow! : Task.FromResult(Of(tenantSlug));

        public ShellView Of(string? slug) =>
            new(person, [], slug is null ? null : new ShellTenant(slug, "Frame of " + slug, "Owner"), []);
    }

    /// <summary>Tells when a look has failed: nothing of the page changes then.</summary>
    private sealed class FirstLine : ILogger<MainLayout>
    {
        private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Written => _written.Task;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => _written.TrySetResult();
    }
}
