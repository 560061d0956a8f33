using System.Data.Common;
using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Identity;
using Ledgerpost.Outbox;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Segments;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Ledgerpost.Templates;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Ledgerpost.Webhooks;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Ledgerpost.Data;

/// <summary>
/// One context per operation, made by <see cref="PortalDb"/> with an explicit scope; never pooled.
/// A new migration: <c>Migrations=true dotnet ef migrations add Name --context PortalDbContext --project src/Core --output-dir Data/Migrations/Sqlite</c>;
/// PostgreSQL's is made anew in the same change (<see cref="PostgreSql.PostgreSqlMigrations"/>).
/// </summary>
public class PortalDbContext(DbContextOptions options, TenantScope scope)
    : IdentityUserContext<PortalUser, Guid>(options)
{
    private readonly List<Action> _afterCommit = [];
    private bool _joined;

    public TenantScope Scope { get; } = scope;

    // Read by the query filters: EF Core turns a member of the context into a parameter of each query.
    private Guid ScopedTenantId => Scope.TenantId;

    /// <summary>What runs once the transaction is durable, such as telling open pages that numbers changed.</summary>
    internal IReadOnlyList<Action> AfterCommitActions => _afterCommit;

    /// <summary>
    /// Where statements written as SQL go (<see cref="Statements"/>). EF Core's services cost as much as a statement does, so
    /// they are made, and join this transaction, only for work that asks for them; null where EF Core opens the connection.
    /// </summary>
    internal RawAccess? Raw { get; init; }

    /// <summary>This transaction has locked all campaigns at once (<see cref="Locks.LockAllCampaignsAsync"/>).</summary>
    internal bool HasAllCampaigns { get; set; }

    internal bool IsPostgreSql => Raw is { } raw ? raw.Connection is not SqliteConnection : base.Database.IsNpgsql();

    /// <summary>Null only for migrations.</summary>
    internal SafetyLog? Safety { get; set; }

    /// <summary>Seal what is written to the log; set by the engine, and missing only for migrations and Identity.</summary>
    internal AuditKeys AuditKeys
    {
        get => field ?? throw new InvalidOperationException("This context writes no audit entries.");
        set;
    }

    /// <summary>By which sessions and links are over; missing as the keys are.</summary>
    internal TimeProvider Time
    {
        get => field ?? throw new InvalidOperationException("This context judges nobody's session.");
        set;
    }

    // Identity's own property would not join the transaction: who asked for people alone saved nothing.
    public override DbSet<PortalUser> Users
    {
        get => Set<PortalUser>();
        set => base.Users = value;
    }

    public DbSet<Installation> Installation => Set<Installation>();
    public DbSet<Tenant> Tenants => Set<Tenant>();
    public DbSet<Membership> Memberships => Set<Membership>();
    public DbSet<SetUpLink> SetUpLinks => Set<SetUpLink>();
    public DbSet<UserSession> Sessions => Set<UserSession>();
    public DbSet<SignInRecord> SignIns => Set<SignInRecord>();
    public DbSet<Authenticator> Authenticators => Set<Authenticator>();
    public DbSet<RecoveryCode> RecoveryCodes => Set<RecoveryCode>();
    public DbSet<AccountMail> AccountMails => Set<AccountMail>();
    public DbSet<PasswordReset> PasswordResets => Set<PasswordReset>();
    public DbSet<ResetRequest> ResetRequests => Set<ResetRequest>();
    public DbSet<StoredKey> DataProtectionKeys => Set<StoredKey>();
    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();
    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();
    public DbSet<OperatorKey> OperatorKeys => Set<OperatorKey>();
    public DbSet<IdempotencyRecord> IdempotencyRecords => Set<IdempotencyRecord>();
    public DbSet<Contact> Contacts => Set<Contact>();
    public DbSet<ContactTag> ContactTags => Set<ContactTag>();
    public DbSet<ContactImport> ContactImports => Set<ContactImport>();
    public DbSet<ContactImportLine> ContactImportLines => Set<ContactImportLine>();
    public DbSet<Segment> Segments => Set<Segment>();
    public DbSet<SegmentTag> SegmentTags => Set<SegmentTag>();
    public DbSet<SegmentContact> SegmentContacts => Set<SegmentContact>();
    public DbSet<SendingDomain> SendingDomains => Set<SendingDomain>();
    public DbSet<SenderIdentity> SenderIdentities => Set<SenderIdentity>();
    public DbSet<SuppressedAddress> SuppressedAddresses => Set<SuppressedAddress>();
    public DbSet<Campaign> Campaigns => Set<Campaign>();
    public DbSet<Template> Templates => Set<Template>();
    public DbSet<Run> Runs => Set<Run>();
    public DbSet<Recipient> Recipients => Set<Recipient>();
    public DbSet<RecipientFields> RecipientFields => Set<RecipientFields>();
    public DbSet<RecipientEvent> RecipientEvents => Set<RecipientEvent>();
    public DbSet<Chunk> Chunks => Set<Chunk>();
    public DbSet<Attempt> Attempts => Set<Attempt>();
    public DbSet<ProviderAccount> ProviderAccounts => Set<ProviderAccount>();
    public DbSet<OwnAccount> OwnAccounts => Set<OwnAccount>();
    public DbSet<OwnWebhookSecret> OwnWebhookSecrets => Set<OwnWebhookSecret>();
    public DbSet<WebhookMessage> WebhookMessages => Set<WebhookMessage>();
    public DbSet<EventEndpoint> EventEndpoints => Set<EventEndpoint>();
    public DbSet<EventDelivery> EventDeliveries => Set<EventDelivery>();
    public DbSet<UnsubscribeLink> UnsubscribeLinks => Set<UnsubscribeLink>();

    // Fixed here, not in the host's options, so that the migrations tool and every context agree.
    protected override Version SchemaVersion => IdentitySchemaVersions.Version3;

    public override DatabaseFacade Database
    {
        get
        {
            Join();
            return base.Database;
        }
    }

    public override DbSet<TEntity> Set<TEntity>()
        where TEntity : class
    {
        Join();
        return base.Set<TEntity>();
    }

    public void AfterCommit(Action action) => _afterCommit.Add(action);

    /// <summary>Counted once the transaction is durable: work that a database asks to run again counts once.</summary>
    public void Fired(SafetyMechanism mechanism, object? about = null) =>
        AfterCommit(() => Safety?.Fired(mechanism, about));

    public override Task<int> SaveChangesAsync(
        bool acceptAllChangesOnSuccess,
        CancellationToken cancellationToken = default
    )
    {
        // Nothing can have changed in a context that EF Core has not been asked for.
        if (Raw is { Transaction: not null } && !_joined)
        {
            return Task.FromResult(0);
        }

        RefuseForeignRows();
        return base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
    }

    public override int SaveChanges(bool acceptAllChangesOnSuccess)
    {
        RefuseForeignRows();
        return base.SaveChanges(acceptAllChangesOnSuccess);
    }

    // Add, Attach and the like are called on a set, never on the context itself (BannedSymbols.txt).
    private void Join()
    {
        if (!_joined && Raw?.Transaction is { } transaction)
        {
            _joined = true;
            base.Database.AutoSavepointsEnabled = false;
            base.Database.UseTransaction(transaction);
        }
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.Properties<Enum>().HaveConversion<string>().HaveMaxLength(32);
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<InstantConverter>();
        if (base.Database.IsNpgsql())
        {
            // Byte by byte, as SQLite compares: a page that goes on after the last name must not depend on a server's language.
            configurationBuilder.Properties<string>().UseCollation("C");
        }
    }

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.ApplyConfigurationsFromAssembly(typeof(PortalDbContext).Assembly);
        ApplyTenantFilters(builder);
        if (base.Database.IsNpgsql())
        {
            // SQLite's truth is 1; PostgreSQL's has a type of its own.
            builder.Entity<ProviderAccount>().HasIndex(account => account.IsCurrent).HasFilter("\"IsCurrent\"");
            builder.Entity<OwnAccount>().HasIndex(account => account.TenantId).HasFilter("\"IsCurrent\"");
        }
    }

    protected virtual void ApplyTenantFilters(ModelBuilder builder)
    {
        foreach (
            var entity in builder.Model.GetEntityTypes().Where(e => e.ClrType.IsAssignableTo(typeof(ITenantOwned)))
        )
        {
            var method = typeof(PortalDbContext)
                .GetMethod(
                    nameof(Filter),
                    System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance
                )!
                .MakeGenericMethod(entity.ClrType);
            method.Invoke(this, [builder]);
        }
    }

    private void Filter<TEntity>(ModelBuilder builder)
        where TEntity : class, ITenantOwned =>
        builder.Entity<TEntity>().HasQueryFilter(entity => entity.TenantId == ScopedTenantId);

    // A query filter does not look at writes: a stub attached with another tenant's id would be saved (docs/security.md).
    private void RefuseForeignRows()
    {
        foreach (var entry in ChangeTracker.Entries<ITenantOwned>())
        {
            if (entry.State is EntityState.Unchanged or EntityState.Detached)
            {
                continue;
            }

            var original =
                entry.State == EntityState.Added
                    ? entry.Entity.TenantId
                    : (Guid)entry.OriginalValues[nameof(ITenantOwned.TenantId)]!;
            if (!Scope.Covers(entry.Entity.TenantId) || !Scope.Covers(original))
            {
                Safety?.Fired(SafetyMechanism.ForeignRowRefused, entry.Metadata.DisplayName());
                throw new ForeignTenantException(entry.Metadata.DisplayName(), "written");
            }
        }
    }
}

/// <summary>
/// The same model without tenant filters, for <see cref="TenantScope.Installation"/>. A type of its own, because a
/// filter with "or all tenants" in it would keep every query off the tenant's index.
/// </summary>
public sealed class InstallationDbContext(DbContextOptions options) : PortalDbContext(options, TenantScope.Installation)
{
    protected override void ApplyTenantFilters(ModelBuilder builder) { }
}

/// <summary>An open connection, and the transaction on it that a write is; null for a read.</summary>
/// <param name="LongestStatement">In seconds; the connection's own when null.</param>
internal sealed record RawAccess(DbConnection Connection, DbTransaction? Transaction, int? LongestStatement = null);

/// <summary>
/// A row of a tenant outside the context's scope was touched: a bug, stopped before the database got it, or before anybody saw it.
/// Says what, and not whose.
/// </summary>
public sealed class ForeignTenantException(string entity, string done)
    : InvalidOperationException($"A {entity} of another tenant was about to be {done}.");
