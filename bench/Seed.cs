using System.Diagnostics;
using Ledgerpost;
using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bench;

/// <summary>A campaign to all contacts of a tenant that has nothing else.</summary>
internal sealed record SeededCampaign(Guid TenantId, Guid Id, int Recipients)
{
    public TenantScope Scope => TenantScope.For(TenantId);
}

/// <summary>Fills a store: an installation, a provider account, and tenants with one campaign each.</summary>
internal sealed class Seed : IAsyncDisposable
{
    private static readonly Actor Owner = new(ActorKind.System, null, "Bench", null);

    private readonly Store _store;
    private readonly Version7Ids _ids;
    private readonly CurrentAccount _account;
    private readonly ServiceProvider _services;
    private readonly ProviderSecrets _secrets;

    private Seed(Store store, PortalDb db, Version7Ids ids, CurrentAccount account)
    {
        _store = store;
        Db = db;
        _ids = ids;
        _account = account;
        // As the portal itself reads them.
        var services = new ServiceCollection();
        services.AddDataProtection().SetApplicationName("Ledgerpost");
        services.Configure<KeyManagementOptions>(options => options.XmlRepository = new StoredKeys(db));
        _services = services.BuildServiceProvider();
        _secrets = new ProviderSecrets(_services.GetRequiredService<IDataProtectionProvider>());
    }

    /// <summary>What the portals of a run share.</summary>
    public static byte[] AuditKey { get; } = new byte[AuditKeys.Length];

    public PortalDb Db { get; }

    /// <param name="providerAddress">Where the campaigns will be sent to.</param>
    public static async Task<Seed> CreateAsync(Store store, string providerAddress)
    {
        var ids = new Version7Ids(TimeProvider.System);
        var db = new PortalDb(
            store.ConnectionString,
            TimeProvider.System,
            ids,
            new AuditKeys(AuditKey),
            provider: store.Provider
        );
        await db.MigrateAsync(CancellationToken.None);
        await new EnsureInstallation(db).ExecuteAsync(CancellationToken.None);
        var account = await new ProviderAccounts(db, ids, new NoProbe()).EnsureAsync(
            providerAddress,
            Provider.ApiKey,
            CancellationToken.None
        );
        return new Seed(store, db, ids, account);
    }

    /// <summary>A tenant with its verified domain, so many contacts and a draft to all of them.</summary>
    /// <param name="name">A slug; below it the domain.</param>
    /// <param name="ownFields">Every contact has a field of the tenant's own, and the content names it.</param>
    /// <param name="ownAccount">Its domain is registered at an account of its own, which the same key opens.</param>
    public async Task<SeededCampaign> AddAsync(
        string name,
        int contacts,
        bool ownFields = false,
        bool ownAccount = false
    )
    {
        var campaign = new SeededCampaign(_ids.New(), _ids.New(), contacts);
        // Before the transaction: the first one stores a key to encrypt with.
        var key = ownAccount ? _secrets.Protect(campaign.TenantId, Provider.ApiKey) : null;
        await Db.WriteAsync(
            campaign.Scope,
            (context, _) =>
            {
                var html = ownFields ? Content.HtmlWithOwnField : Content.Html;
                AddRows(context, campaign, name, html, key is null ? _account.Id : AddAccount(context, campaign, key));
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
        await AddContactsAsync(campaign, name, ownFields ? """{"city":"Bergen"}""" : null);
        return campaign;
    }

    /// <returns>How long the launch took: freeze, exclusions, chunks.</returns>
    public async Task<TimeSpan> LaunchAsync(SeededCampaign campaign)
    {
        var launch = new LaunchCampaign(
            Db,
            new SendingSignal(),
            new CampaignNotifier(TimeProvider.System),
            NullLogger<LaunchCampaign>.Instance
        );
        var watch = Stopwatch.StartNew();
        var result = await launch.ExecuteAsync(
            new Caller(campaign.Scope, Owner),
            campaign.Id,
            0,
            CancellationToken.None
        );
        return result is LaunchResult.Launched
            ? watch.Elapsed
            : throw new InvalidOperationException($"Not launched: {result}.");
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Db.DisposeAsync();
    }

    private Guid AddAccount(PortalDbContext context, SeededCampaign campaign, string key)
    {
        var (id, now) = (_ids.New(), DateTimeOffset.UtcNow);
        context.ProviderAccounts.Add(
            new ProviderAccount
            {
                Id = id,
                OwnerId = campaign.TenantId,
                BaseUrl = _account.BaseUrl,
                KeyFingerprint = id.ToString("N"),
                CreatedAt = now,
            }
        );
        context.OwnAccounts.Add(
            new OwnAccount
            {
                TenantId = campaign.TenantId,
                AccountId = id,
                ApiKey = key,
                LastFour = ProviderSecrets.LastFour(Provider.ApiKey),
                SetAt = now,
                SetBy = "bench",
                IsCurrent = true,
            }
        );
        return id;
    }

    private void AddRows(PortalDbContext context, SeededCampaign campaign, string name, string html, Guid accountId)
    {
        var (domainId, senderId, now) = (_ids.New(), _ids.New(), DateTimeOffset.UtcNow);
        context.Tenants.Add(
            new Tenant
            {
                Id = campaign.TenantId,
                Name = name,
                Slug = name,
                CreatedAt = now,
            }
        );
        context.SendingDomains.Add(
            new SendingDomain
            {
                TenantId = campaign.TenantId,
                Id = domainId,
                Name = $"{name}.{Provider.Domain}",
                AccountId = accountId,
                ProviderDomainId = domainId.ToString(),
                Status = DomainStatus.Verified,
                // The stand-in does not know it, so it is not asked.
                NextCheckAt = now.AddYears(1),
                CreatedAt = now,
            }
        );
        context.SenderIdentities.Add(
            new SenderIdentity
            {
                TenantId = campaign.TenantId,
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
                TenantId = campaign.TenantId,
                Id = campaign.Id,
                Name = name,
                Status = CampaignStatus.Draft,
                SenderId = senderId,
                Subject = Content.Subject,
                Html = html,
                AudienceKind = AudienceKind.All,
                CreatedBy = "bench",
                CreatedAt = now,
                UpdatedAt = now,
            }
        );
    }

    // One statement, as fast as the database makes rows: it is not what is measured.
    private async Task AddContactsAsync(SeededCampaign campaign, string name, string? fields)
    {
        const string Rows = """
            INSERT INTO "Contacts" ("TenantId", "Id", "Email", "NormalizedEmail", "FirstName", "LastName", "Search",
                "Fields", "CreatedAt", "UpdatedAt")
            SELECT @tenant, {0}, @name || i || '@example.net', @name || i || '@example.net', 'First' || i, 'Last' || i,
                @name || i || '@example.net first' || i || ' last' || i, NULLIF(@fields, ''), 1750000000000000 + i,
                1750000000000000 + i
            FROM
            """;
        var onSqlite = _store.Provider == DatabaseProvider.Sqlite;
        var id = onSqlite
            ? "printf('0198A000-0000-7000-8000-%012X', i)"
            : "('0198a000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid";
        var rows = Rows.Replace("{0}", id, StringComparison.Ordinal);
        await using var connection = await _store.OpenAsync();
        await connection.ExecuteAsync(
            onSqlite
                ? $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @count) {rows} n"
                : $"{rows} generate_series(1, @count) AS i",
            ("tenant", campaign.TenantId),
            ("name", name),
            ("fields", fields ?? ""),
            ("count", campaign.Recipients)
        );
        if (!onSqlite)
        {
            // As autovacuum would within its minute.
            await connection.ExecuteAsync("""ANALYZE "Contacts" """);
        }
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
