using Ledgerpost.Data;
using Ledgerpost.Sending;
using Microsoft.Data.Sqlite;
using UnitTests.Support;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>
/// Every way that leads to the provider, with the identity of another tenant forced into the campaign's row past every key of the
/// database: nothing goes out. (The portal's own mails have no tenant's identity at all.)
/// </summary>
public sealed class AnothersSenderTests : IAsyncLifetime
{
    private EngineHarness _engine = null!;
    private TestTenant _south = null!;

    public async Task InitializeAsync()
    {
        _engine = await EngineHarness.CreateAsync();
        _south = await _engine.Database.AddTenantAsync("south");
    }

    public async Task DisposeAsync() => await _engine.DisposeAsync();

    [SqliteFact]
    public async Task FirstCall_IsFenced()
    {
        await _engine.Database.AddContactsAsync(_engine.Tenant, 3);
        await _engine.LaunchAsync();

        await ForceAsync();
        await _engine.RunAsync();

        Assert.Empty(_engine.Provider.Calls);
        Assert.True(_engine.Db.Safety.CountOf(SafetyMechanism.IntentSenderLost) > 0);
    }

    [SqliteFact]
    public async Task Repeat_IsFenced()
    {
        await _engine.Database.AddContactsAsync(_engine.Tenant, 3);
        await _engine.LaunchAsync();
        _engine.Provider.Then(Fault.LostRequest);
        await _engine.TurnAsync();

        await ForceAsync();
        _engine.Time.Advance(TimeSpan.FromMinutes(10));
        await _engine.RunAsync();

        Assert.Single(_engine.Provider.Calls);
    }

    [SqliteFact]
    public async Task HalvesOfARefusedCall_AreFenced()
    {
        await _engine.Database.AddContactsAsync(_engine.Tenant, 4);
        await _engine.LaunchAsync();
        _engine.Provider.Then(Fault.BadAddress);
        await _engine.TurnAsync();

        await ForceAsync();
        await _engine.RunAsync();

        Assert.Single(_engine.Provider.Calls);
        Assert.Empty(_engine.Provider.Mailed);
    }

    [SqliteFact]
    public async Task OwnAccountsCall_IsFenced()
    {
        var own = await _engine.OwnAccountAsync("one");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 3);
        await _engine.LaunchAsync();
        using var lane = _engine.Lanes.Open(own);

        await ForceAsync();
        await _engine.RunLaneAsync(lane);

        Assert.Empty(_engine.Provider.Calls);
    }

    [SqliteFact]
    public async Task Resume_GoesNowhere()
    {
        await _engine.Database.AddContactsAsync(_engine.Tenant, 3);
        var id = await _engine.LaunchAsync();
        _engine.Provider.Then(Fault.DailyQuota);
        await _engine.TurnAsync();

        await ForceAsync();
        Assert.IsType<ResumeResult.Resumed>(await _engine.ResumeAsync(id));
        await _engine.RunAsync();

        Assert.Single(_engine.Provider.Calls);
        Assert.Empty(_engine.Provider.Mailed);
    }

    [SqliteFact]
    public async Task FromLineOfAnother_InTheCampaignsRow_IsFenced()
    {
        await _engine.Database.AddContactsAsync(_engine.Tenant, 3);
        await _engine.LaunchAsync();

        await ExecuteAsync("UPDATE \"Campaigns\" SET \"FromHeader\" = '\"South\" <news@south.test>'");
        await _engine.RunAsync();

        Assert.Empty(_engine.Provider.Calls);
        Assert.True(_engine.Db.Safety.CountOf(SafetyMechanism.IntentSenderLost) > 0);
    }

    private Task ForceAsync() =>
        ExecuteAsync($"UPDATE \"Campaigns\" SET \"SenderId\" = '{_south.SenderId.ToString().ToUpperInvariant()}'");

    /// <summary>Past the keys: as nobody can who goes through the portal.</summary>
    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection(_engine.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // This test's own text.
        command.CommandText = $"PRAGMA foreign_keys = OFF; {sql};";
#pragma warning restore CA2100
        Assert.True(await command.ExecuteNonQueryAsync() > 0);
    }
}
