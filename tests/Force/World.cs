using System.Globalization;
using Ledgerpost.Data;

namespace Force;

/// <summary>One installation, its provider's stand-in and their files; gone when disposed, unless something was found.</summary>
internal sealed class World : IAsyncDisposable
{
    private World(string folder, Emulator emulator, Installation installation)
    {
        Folder = folder;
        Emulator = emulator;
        Installation = installation;
    }

    public string Folder { get; }
    public Emulator Emulator { get; }
    public Installation Installation { get; }

    public string Database => Installation.Provider == DatabaseProvider.Sqlite ? "SQLite" : "PostgreSQL";

    /// <param name="postgreSql">Null for SQLite.</param>
    public static async Task<World> CreateAsync(PostgreSql? postgreSql, int contacts)
    {
        var folder = Directory.CreateTempSubdirectory("ledgerpost-force-").FullName;
        var emulator = await Emulator.StartAsync(folder);
        try
        {
            var database = postgreSql is null ? null : await postgreSql.CreateAsync();
            var data = Path.Combine(folder, "data");
            return new World(
                folder,
                emulator,
                await Installation.CreateAsync(data, database, emulator.Address, contacts)
            );
        }
        catch
        {
            await emulator.DisposeAsync();
            throw;
        }
    }

    public Portal Start(PortalSettings settings, int instance = 1) =>
        Portal.Start(
            Installation,
            Emulator,
            settings,
            instance == 1 ? null : Path.Combine(Folder, string.Create(CultureInfo.InvariantCulture, $"data{instance}"))
        );

    /// <summary>Without anything armed, until the campaign has come to its end.</summary>
    public async Task FinishAsync(PortalSettings? settings = null)
    {
        await Emulator.SetFaultsAsync();
        await using var portal = Start(settings ?? new PortalSettings(Concurrency: 4, LeaseSeconds: Lease));
        await WaitUntilSentAsync(portal.ThrowIfEnded);
    }

    /// <summary>Short where other instances wait for it, and as delivered where no second process can be.</summary>
    public int? Lease => Installation.Provider == DatabaseProvider.Sqlite ? null : 3;

    public Task WaitUntilSentAsync(Action check) =>
        Wait.UntilAsync("the campaign is sent", async () => await Ledger.StatusAsync(Installation) == "Sent", check);

    /// <summary>Killed, as always; what it answered is on its disk.</summary>
    public ValueTask StopEmulatorAsync() => Emulator.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        await StopEmulatorAsync();
        if (Environment.GetEnvironmentVariable("LEDGERPOST_FORCE_KEEP") is null)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
