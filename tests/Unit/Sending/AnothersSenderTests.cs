using System.Data.Common;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
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

    [Fact]
    public async Task FirstCall_IsFenced()
    {
        await _engine.Database.AddContactsAsync(_engine.Tenant, 3);
        await _engine.LaunchAsync();

        await ForceAsync();
        await _engine.RunAsync();

        Assert.Empty(_engine.Provider.Calls);
        Assert.True(_engine.Db.Safety.CountOf(SafetyMechanism.IntentSenderLost) > 0);
    }

    [Fact]
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

    [Fact]
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

    [Fact]
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

    [Fact]
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

    [Fact]
    public async Task FromLineOfAnother_InTheCampaignsRow_IsFenced()
    {
        await _engine.Database.AddContactsAsync(_engine.Tenant, 3);
        await _engine.LaunchAsync();

        await ExecuteAsync("UPDATE \"Campaigns\" SET \"FromHeader\" = '\"South\" <news@south.test>'");
        await _engine.RunAsync();

        Assert.Empty(_engine.Provider.Calls);
        Assert.True(_engine.Db.Safety.CountOf(SafetyMechanism.IntentSenderLost) > 0);
    }

    [Theory]
    [InlineData(Foreign.Sender)]
    [InlineData(Foreign.Domain)]
    public async Task Campaign_ForcedAtTheMomentOfItsIntent_IsFenced(Foreign what)
    {
        await _engine.Database.AddContactsAsync(_engine.Tenant, 3);
        await _engine.LaunchAsync();
        AtTheIntent(what);

        await _engine.RunAsync();

        await AssertFencedAsync();
    }

    [Theory]
    [InlineData(Foreign.Sender)]
    [InlineData(Foreign.Domain)]
    public async Task TransactionalMail_ForcedAtTheMomentOfItsIntent_IsFenced(Foreign what)
    {
        await _engine.PostAsync("receipt-1");
        AtTheIntent(what);

        await _engine.RunAsync();

        await AssertFencedAsync();
    }

    [Theory]
    [InlineData(Foreign.Sender)]
    [InlineData(Foreign.Domain)]
    public async Task TestMail_IsRefused(Foreign what)
    {
        var id = await _engine.DraftAsync();
        await ForceAsync(what);

        var result = await new SendTestMail(
            _engine.Db,
            _engine.Provider,
            _engine.Accounts,
            new UnsubscribeUrls(_engine.Db, "https://portal.test"),
            _engine.Pacer
        ).ExecuteAsync(_engine.Tenant.As(TenantRole.Admin), id, "me@example.net", null, CancellationToken.None);

        Assert.IsType<SendTestMailResult.Refused>(result);
        Assert.Empty(_engine.Provider.Calls);
    }

    /// <summary>What is forced into this tenant's rows.</summary>
    public enum Foreign
    {
        /// <summary>Another tenant's sender, into the campaign or the mail.</summary>
        Sender,

        /// <summary>Another tenant's domain, into the sender.</summary>
        Domain,
    }

    private void AtTheIntent(Foreign what)
    {
        var forced = false;
        _engine.Crash.On = async point =>
        {
            if (point == CrashPoints.BeforeIntent && !forced)
            {
                forced = true;
                await ForceAsync(what);
            }
        };
    }

    private async Task AssertFencedAsync()
    {
        Assert.Empty(_engine.Provider.Calls);
        Assert.True(_engine.Db.Safety.CountOf(SafetyMechanism.IntentSenderLost) > 0);
        await using var db = _engine.Db.Read(_engine.Tenant.Scope);
        Assert.Equal(CampaignStatus.Partial, (await db.Campaigns.SingleAsync()).Status);
    }

    private Task ForceAsync(Foreign what = Foreign.Sender) =>
        ExecuteAsync(
            what == Foreign.Sender
                ? $"UPDATE \"Campaigns\" SET \"SenderId\" = '{Text(_south.SenderId)}'"
                : $"UPDATE \"SenderIdentities\" SET \"DomainId\" = '{Text(_south.DomainId)}' WHERE \"TenantId\" = '{Text(_engine.Tenant.Id)}'"
        );

    private static string Text(Guid id) => id.ToString().ToUpperInvariant();

    private const string WithoutKeys = """
        DO $$ DECLARE key record; BEGIN
            FOR key IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
                WHERE contype = 'f' AND conrelid IN ('"Campaigns"'::regclass, '"SenderIdentities"'::regclass)
            LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', key.place, key.conname); END LOOP;
        END $$;
        SET ROLE ledgerpost_installation
        """;

    /// <summary>Past the keys: as nobody can who goes through the portal.</summary>
    private async Task ExecuteAsync(string sql)
    {
        await using DbConnection connection = PostgreSqlServer.IsChosen
            ? new NpgsqlConnection(_engine.Database.ConnectionString)
            : new SqliteConnection(_engine.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        var past = PostgreSqlServer.IsChosen ? WithoutKeys : "PRAGMA foreign_keys = OFF";
#pragma warning disable CA2100 // This test's own text.
        command.CommandText = $"{past}; {sql};";
#pragma warning restore CA2100
        Assert.True(await command.ExecuteNonQueryAsync() > 0);
    }
}
