using System.Diagnostics;
using Ledgerpost;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.Data.Sqlite;

namespace Bench;

/// <summary>A portal's database with one tenant, its verified domain, contacts and a campaign to all of them.</summary>
internal sealed class Seed : IAsyncDisposable
{
    private readonly Actor _owner;

    private Seed(string folder, PortalDb db, Guid tenantId, Guid campaignId, Actor owner)
    {
        Folder = folder;
        Db = db;
        TenantId = tenantId;
        CampaignId = campaignId;
        _owner = owner;
    }

    public string Folder { get; }
    public PortalDb Db { get; }
    public Guid TenantId { get; }
    public Guid CampaignId { get; }

    public TenantScope Scope => TenantScope.For(TenantId);

    public static string ConnectionString(string folder) => $"Data Source={Path.Combine(folder, "portal.db")}";

    /// <param name="folder">The portal's data directory.</param>
    /// <param name="providerAddress">Where the campaign will be sent to.</param>
    public static async Task<Seed> CreateAsync(string folder, string providerAddress, int contacts)
    {
        Directory.CreateDirectory(folder);
        var ids = new Version7Ids(TimeProvider.System);
        var db = new PortalDb(ConnectionString(folder), TimeProvider.System, ids);
        await db.MigrateAsync(CancellationToken.None);
        await new EnsureInstallation(db).ExecuteAsync(CancellationToken.None);
        var account = await new ProviderAccounts(db, ids, new NoProbe()).EnsureAsync(
            providerAddress,
            Provider.ApiKey,
            CancellationToken.None
        );
        var (tenantId, domainId, senderId, campaignId) = (ids.New(), ids.New(), ids.New(), ids.New());
        var now = DateTimeOffset.UtcNow;
        await db.WriteAsync(
            TenantScope.For(tenantId),
            (context, _) =>
            {
                context.Tenants.Add(
                    new Tenant
                    {
                        Id = tenantId,
                        Name = "Bench",
                        Slug = "bench",
                        CreatedAt = now,
                    }
                );
                context.SendingDomains.Add(
                    new SendingDomain
                    {
                        TenantId = tenantId,
                        Id = domainId,
                        Name = Provider.Domain,
                        AccountId = account.Id,
                        ProviderDomainId = domainId.ToString(),
                        Status = DomainStatus.Verified,
                        CreatedAt = now,
                    }
                );
                context.SenderIdentities.Add(
                    new SenderIdentity
                    {
                        TenantId = tenantId,
                        Id = senderId,
                        DomainId = domainId,
                        LocalPart = "news",
                        DisplayName = "Bench",
                        CreatedAt = now,
                    }
                );
                context.Campaigns.Add(
                    new Campaign
                    {
                        TenantId = tenantId,
                        Id = campaignId,
                        Name = "Bench",
                        Status = CampaignStatus.Draft,
                        SenderId = senderId,
                        Subject = Content.Subject,
                        Html = Content.Html,
                        AudienceKind = AudienceKind.All,
                        CreatedBy = "bench",
                        CreatedAt = now,
                        UpdatedAt = now,
                    }
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
        await AddContactsAsync(folder, tenantId, contacts);
        return new Seed(folder, db, tenantId, campaignId, new Actor(ActorKind.System, null, "Bench", null));
    }

    /// <returns>How long the launch took: freeze, exclusions, chunks.</returns>
    public async Task<TimeSpan> LaunchAsync()
    {
        var launch = new LaunchCampaign(Db, new SendingSignal(), new CampaignNotifier(TimeProvider.System));
        var watch = Stopwatch.StartNew();
        var result = await launch.ExecuteAsync(new Caller(Scope, _owner), CampaignId, 0, CancellationToken.None);
        return result is LaunchResult.Launched
            ? watch.Elapsed
            : throw new InvalidOperationException($"Not launched: {result}.");
    }

    public ValueTask DisposeAsync() => Db.DisposeAsync();

    // One statement, as fast as the database makes rows: it is not what is measured.
    private static async Task AddContactsAsync(string folder, Guid tenantId, int count)
    {
        await using var connection = new SqliteConnection(ConnectionString(folder) + ";Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @count)
            INSERT INTO "Contacts" ("TenantId", "Id", "Email", "NormalizedEmail", "FirstName", "LastName", "Search",
                "CreatedAt", "UpdatedAt")
            SELECT @tenant, printf('0198A000-0000-7000-8000-%012X', i), 'person' || i || '@example.net',
                'person' || i || '@example.net', 'First' || i, 'Last' || i,
                'person' || i || '@example.net first' || i || ' last' || i, 1750000000000000 + i, 1750000000000000 + i
            FROM n
            """;
        command.Parameters.AddWithValue("count", count);
        command.Parameters.AddWithValue("tenant", tenantId);
        await command.ExecuteNonQueryAsync();
    }

    private sealed class NoProbe : IAccountProbe
    {
        public Task<bool?> CanReadEmailAsync(
            string baseUrl,
            string apiKey,
            string emailId,
            CancellationToken cancellation
        ) => Task.FromResult<bool?>(null);

        public Task<bool?> CanReadDomainAsync(
            string baseUrl,
            string apiKey,
            string domainId,
            CancellationToken cancellation
        ) => Task.FromResult<bool?>(null);
    }
}
