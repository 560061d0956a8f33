using System.Data.Common;
using System.Globalization;
using Ledgerpost;
using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Programs;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Force;

/// <summary>A portal's database with one tenant and one campaign that was just launched: the next start sends it.</summary>
internal sealed class Installation
{
    /// <summary>A program's key, for everything in the one tenant.</summary>
    public const string ApiKey = "lp_ForceForceForceForceForceForceForceForceForce";

    private const int ContactsPerWrite = 2_000;

    public static readonly byte[] AuditKey = new byte[AuditKeys.Length];

    private Installation(string folder, DatabaseProvider provider, string connectionString, Guid campaignId)
    {
        Folder = folder;
        Provider = provider;
        ConnectionString = connectionString;
        CampaignId = campaignId;
    }

    /// <summary>Whom the campaign comes from.</summary>
    public required Guid SenderId { get; init; }

    /// <summary>The data directory; on PostgreSQL that of the first instance.</summary>
    public string Folder { get; }

    public DatabaseProvider Provider { get; }
    public string ConnectionString { get; }
    public Guid CampaignId { get; }

    /// <param name="postgreSql">A connection string of an empty database; null for SQLite.</param>
    public static async Task<Installation> CreateAsync(
        string folder,
        string? postgreSql,
        string providerAddress,
        int contacts
    )
    {
        Directory.CreateDirectory(folder);
        var provider = postgreSql is null ? DatabaseProvider.Sqlite : DatabaseProvider.PostgreSql;
        var connectionString = postgreSql ?? Sqlite(folder);
        var ids = new Version7Ids(TimeProvider.System);
        await using var db = new PortalDb(
            connectionString,
            TimeProvider.System,
            ids,
            new AuditKeys(AuditKey),
            provider: provider
        );
        await db.MigrateAsync(CancellationToken.None);
        await new EnsureInstallation(db).ExecuteAsync(CancellationToken.None);
        var account = await new ProviderAccounts(db, ids, new NoProbe()).EnsureAsync(
            providerAddress,
            Emulator.ApiKey,
            CancellationToken.None
        );
        var scope = TenantScope.For(ids.New());
        var campaignId = ids.New();
        var senderId = ids.New();
        await db.WriteAsync(
            scope,
            (context, _) =>
            {
                AddCampaign(context, scope.TenantId, account.Id, campaignId, senderId, ids);
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
        for (var first = 1; first <= contacts; first += ContactsPerWrite)
        {
            await AddContactsAsync(db, scope, ids, first, Math.Min(contacts, first + ContactsPerWrite - 1));
        }

        var launch = new LaunchCampaign(
            db,
            new SendingSignal(),
            new CampaignNotifier(TimeProvider.System),
            NullLogger<LaunchCampaign>.Instance
        );
        var caller = new Caller(scope, new Actor(ActorKind.System, null, "Force", null));
        var result = await launch.ExecuteAsync(caller, campaignId, 0, CancellationToken.None);
        return result is LaunchResult.Launched
            ? new Installation(folder, provider, connectionString, campaignId) { SenderId = senderId }
            : throw new InvalidOperationException($"Not launched: {result}.");
    }

    public static string Sqlite(string folder) => $"Data Source={Path.Combine(folder, "portal.db")}";

    /// <summary>The same installation in a copy of its data directory.</summary>
    public Installation At(string folder) => new(folder, Provider, Sqlite(folder), CampaignId) { SenderId = SenderId };

    /// <summary>Looks on, and changes nothing: no checkpoint, no recovery but the one that any reader does.</summary>
    public async Task<DbConnection> OpenAsync()
    {
        if (Provider == DatabaseProvider.Sqlite)
        {
            var file = new SqliteConnection($"{ConnectionString};Mode=ReadOnly;Pooling=False");
            await file.OpenAsync();
            return file;
        }

        var settings = new NpgsqlConnectionStringBuilder(ConnectionString)
        {
            Pooling = false,
            ApplicationName = "Force",
            Username = "administrator",
        };
        var server = new NpgsqlConnection(settings.ToString());
        await server.OpenAsync();
        return server;
    }

    public static string Address(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"person{number}@example.net");

    private static void AddCampaign(
        PortalDbContext context,
        Guid tenantId,
        Guid accountId,
        Guid campaignId,
        Guid senderId,
        Version7Ids ids
    )
    {
        var (domainId, now) = (ids.New(), DateTimeOffset.UtcNow);
        context.Tenants.Add(
            new Tenant
            {
                Id = tenantId,
                Name = "Force",
                Slug = "force",
                CreatedAt = now,
            }
        );
        context.ApiKeys.Add(
            new ApiKey
            {
                TenantId = tenantId,
                Id = ids.New(),
                Name = "Force",
                TokenHash = ApiToken.Hash(ApiKey),
                Ending = ApiToken.Ending(ApiKey),
                Scopes = ApiScopes.All,
                CreatedBy = "force",
                CreatedAt = now,
            }
        );
        context.SendingDomains.Add(
            new SendingDomain
            {
                TenantId = tenantId,
                Id = domainId,
                Name = Emulator.Domain,
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
                TenantId = tenantId,
                Id = senderId,
                DomainId = domainId,
                LocalPart = "news",
                DisplayName = "Force",
                CreatedAt = now,
            }
        );
        context.Campaigns.Add(
            new Campaign
            {
                TenantId = tenantId,
                Id = campaignId,
                Name = "Force",
                Status = CampaignStatus.Draft,
                SenderId = senderId,
                Subject = "News for {{first_name}}",
                Html = "<p>Hello {{first_name}}, this was sent to {{email}}.</p>",
                AudienceKind = AudienceKind.All,
                CreatedBy = "force",
                CreatedAt = now,
                UpdatedAt = now,
            }
        );
    }

    private static Task AddContactsAsync(PortalDb db, TenantScope scope, Version7Ids ids, int first, int last) =>
        db.WriteAsync(
            scope,
            (context, _) =>
            {
                var now = DateTimeOffset.UtcNow;
                context.Contacts.AddRange(
                    Enumerable
                        .Range(first, last - first + 1)
                        .Select(number => new Contact
                        {
                            TenantId = scope.TenantId,
                            Id = ids.New(),
                            Email = Address(number),
                            NormalizedEmail = Address(number),
                            FirstName = $"First{number}",
                            CreatedAt = now,
                            UpdatedAt = now,
                        })
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );

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
