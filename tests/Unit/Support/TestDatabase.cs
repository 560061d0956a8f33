using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Support;

/// <summary>A migrated database of the test's own, in a folder that goes with it; time, ids and storage faults in the test's hand.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly string _folder;

    private TestDatabase(
        string folder,
        string connectionString,
        ManualTime time,
        StorageFaults faults,
        TimeProvider? clock
    )
    {
        _folder = folder;
        Time = time;
        ConnectionString = connectionString;
        Db = new PortalDb(connectionString, clock ?? time, Ids, AuditKeys, faults, Provider);
    }

    /// <summary>The same tests run on both (<see cref="PostgreSqlServer"/>).</summary>
    public static DatabaseProvider Provider =>
        PostgreSqlServer.IsChosen ? DatabaseProvider.PostgreSql : DatabaseProvider.Sqlite;

    /// <summary>What every test's log is sealed with, also that of a whole portal.</summary>
    public static byte[] AuditKey { get; } = [.. Enumerable.Repeat((byte)7, AuditKeys.Length)];

    public static AuditKeys AuditKeys { get; } = new(AuditKey);

    /// <summary>Everybody here has come: of a password that nobody knows. Made once, since it takes its time.</summary>
    private static string PasswordHash { get; } = People.Hash("nobody knows this one");

    public ManualTime Time { get; }
    public SeededIds Ids { get; } = new();
    public PortalDb Db { get; }
    public string ConnectionString { get; }
    public Guid AccountId { get; private set; }

    public string Folder => _folder;

    /// <param name="clock">Decides instead of <paramref name="time"/>, which is its source.</param>
    public static async Task<TestDatabase> CreateAsync(
        ManualTime? time = null,
        StorageFaults? faults = null,
        TimeProvider? clock = null
    )
    {
        var folder = Directory.CreateTempSubdirectory("ledgerpost-unit-").FullName;
        var connectionString = await MigratedAsync(folder);
        var database = new TestDatabase(
            folder,
            connectionString,
            time ?? new ManualTime(),
            faults ?? new StorageFaults(),
            clock
        );
        await database.SeedInstallationAsync();
        return database;
    }

    private static async Task<string> MigratedAsync(string folder)
    {
        if (PostgreSqlServer.IsChosen)
        {
            return await PostgreSqlServer.CreateAsync();
        }

        var file = Path.Combine(folder, "portal.db");
        await SqliteTemplate.CopyToAsync(file);
        return $"Data Source={file}";
    }

    /// <summary>A tenant with a verified domain, a sender, and one person per role.</summary>
    public async Task<TestTenant> AddTenantAsync(string slug)
    {
        var tenantId = Ids.New();
        var people = Enum.GetValues<TenantRole>().ToDictionary(role => role, _ => Ids.New());
        var domainId = Ids.New();
        var senderId = Ids.New();
        await Db.WriteAsync(
            TenantScope.For(tenantId),
            (db, _) =>
            {
                var now = Time.GetUtcNow();
                db.Tenants.Add(
                    new Tenant
                    {
                        Id = tenantId,
                        Name = $"{slug} Ltd",
                        Slug = slug,
                        CreatedAt = now,
                    }
                );
                foreach (var (role, userId) in people)
                {
                    var email = $"{role}@{slug}.test".ToLowerInvariant();
                    db.Users.Add(
                        new PortalUser
                        {
                            Id = userId,
                            UserName = email,
                            NormalizedUserName = email.ToUpperInvariant(),
                            Email = email,
                            NormalizedEmail = email.ToUpperInvariant(),
                            DisplayName = $"{role} of {slug}",
                            PasswordHash = PasswordHash,
                        }
                    );
                    db.Memberships.Add(
                        new Membership
                        {
                            TenantId = tenantId,
                            UserId = userId,
                            Role = role,
                            CreatedAt = now,
                        }
                    );
                }

                db.SendingDomains.Add(
                    new SendingDomain
                    {
                        TenantId = tenantId,
                        Id = domainId,
                        Name = $"{slug}.test",
                        AccountId = AccountId,
                        ProviderDomainId = domainId.ToString(),
                        Status = DomainStatus.Verified,
                        CreatedAt = now,
                    }
                );
                db.SenderIdentities.Add(
                    new SenderIdentity
                    {
                        TenantId = tenantId,
                        Id = senderId,
                        DomainId = domainId,
                        LocalPart = "news",
                        DisplayName = $"{slug} News",
                        CreatedAt = now,
                    }
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
        return new TestTenant(tenantId, slug, domainId, senderId, people);
    }

    /// <summary>Contacts <c>person1@example.net</c> ... with first names and the given tags.</summary>
    public async Task<IReadOnlyList<Guid>> AddContactsAsync(TestTenant tenant, int count, params string[] tags)
    {
        var ids = Enumerable.Range(0, count).Select(_ => Ids.New()).ToList();
        await Db.WriteAsync(
            tenant.Scope,
            (db, _) =>
            {
                for (var i = 0; i < count; i++)
                {
                    AddContact(db, tenant, ids[i], $"person{i + 1}@example.net", $"First{i + 1}", tags);
                }

                return Task.CompletedTask;
            },
            CancellationToken.None
        );
        return ids;
    }

    /// <summary>The contact's own fields; none of them takes all away.</summary>
    /// <summary>The first operator, op@x.test.</summary>
    public async Task<Actor> AddOperatorAsync()
    {
        await new FirstOperator(Db, Ids).CreateAsync("op@x.test", "a long password", "Op", CancellationToken.None);
        await using var db = Db.Read(TenantScope.None);
        return new Actor(ActorKind.Operator, (await db.Users.SingleAsync(user => user.IsOperator)).Id, "Op", null);
    }

    public Task SetFieldsAsync(TestTenant tenant, Guid contact, params (string Name, string Value)[] fields) =>
        Db.WriteAsync(
            tenant.Scope,
            async (db, token) =>
                (await db.Contacts.SingleAsync(row => row.Id == contact, token)).Fields = ContactFields.Store(
                    fields.ToDictionary(field => field.Name, field => field.Value)
                ),
            CancellationToken.None
        );

    public async Task<Guid> AddContactAsync(TestTenant tenant, string email, params string[] tags)
    {
        var id = Ids.New();
        await Db.WriteAsync(
            tenant.Scope,
            (db, _) =>
            {
                AddContact(db, tenant, id, email, "First", tags);
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
        return id;
    }

    public async ValueTask DisposeAsync()
    {
        await Db.DisposeAsync();
        if (PostgreSqlServer.IsChosen)
        {
            await PostgreSqlServer.DropAsync(ConnectionString);
        }

        Directory.Delete(_folder, recursive: true);
    }

    private void AddContact(
        PortalDbContext db,
        TestTenant tenant,
        Guid id,
        string email,
        string firstName,
        string[] tags
    )
    {
        Assert.True(EmailAddress.TryParse(email, out var address, out _));
        db.Contacts.Add(
            new Contact
            {
                TenantId = tenant.Id,
                Id = id,
                Email = address.Typed,
                NormalizedEmail = address.Normalized,
                FirstName = firstName,
                CreatedAt = Time.GetUtcNow(),
                UpdatedAt = Time.GetUtcNow(),
                Tags =
                [
                    .. tags.Select(tag => new ContactTag
                    {
                        TenantId = tenant.Id,
                        ContactId = id,
                        Tag = tag,
                    }),
                ],
            }
        );
    }

    private async Task SeedInstallationAsync()
    {
        AccountId = Ids.New();
        await Db.WriteAsync(
            TenantScope.Installation,
            (db, _) =>
            {
                db.Installation.Add(
                    new Installation { UnsubscribeSecret = new byte[32], CreatedAt = Time.GetUtcNow() }
                );
                db.ProviderAccounts.Add(
                    new ProviderAccount
                    {
                        Id = AccountId,
                        BaseUrl = "http://provider.test",
                        KeyFingerprint = "fingerprint",
                        IsCurrent = true,
                        CreatedAt = Time.GetUtcNow(),
                    }
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
    }
}

public sealed record TestTenant(
    Guid Id,
    string Slug,
    Guid DomainId,
    Guid SenderId,
    IReadOnlyDictionary<TenantRole, Guid> People
)
{
    public TenantScope Scope => TenantScope.For(Id);

    public Caller As(TenantRole role) =>
        new(Scope, new Actor(ActorKind.User, People[role], $"{role} of {Slug}", "192.0.2.1"));
}
