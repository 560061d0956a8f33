using Ledgerpost.Audit;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Programs;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Senders;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Deletion;

/// <summary>Two tenants, of which one is deleted.</summary>
internal sealed class DeletionSteps : IAsyncDisposable
{
    private DeletionSteps(TestDatabase database, TestTenant north, TestTenant south)
    {
        (Database, North, South) = (database, north, south);
        Delete = new DeleteTenant(database.Db, new DeletionSignal());
    }

    public TestDatabase Database { get; }
    public TestTenant North { get; }
    public TestTenant South { get; }
    public DeleteTenant Delete { get; }
    public ScriptedCrash Crash { get; } = new();
    public ScriptedDomains Domains { get; } = new();
    public Actor Operator => Actor.CommandLine;

    public static async Task<DeletionSteps> CreateAsync()
    {
        var database = await TestDatabase.CreateAsync();
        return new DeletionSteps(
            database,
            await database.AddTenantAsync("north"),
            await database.AddTenantAsync("south")
        );
    }

    public static DeleteTenants Job(
        TestDatabase database,
        Ledgerpost.Sending.CrashPoints crash,
        ScriptedDomains domains,
        int atMost = 2000
    ) =>
        new(
            database.Db,
            domains,
            new ImportFiles(Path.Combine(database.Folder, "imports")),
            crash,
            NullLogger<DeleteTenants>.Instance
        )
        {
            AtMost = atMost,
        };

    /// <summary>While a command of the tenant goes on, as a launch of a million does for as long as it takes.</summary>
    public static async Task BesideALongCommandAsync(TestDatabase database, TestTenant tenant, Func<Task> deed)
    {
        var (held, let) = (new TaskCompletionSource(), new TaskCompletionSource());
        var command = database.Db.WriteAsync(
            tenant.Scope,
            async (_, _) =>
            {
                held.SetResult();
                await let.Task;
                return true;
            },
            CancellationToken.None
        );
        await held.Task;
        try
        {
            await deed();
        }
        finally
        {
            let.SetResult();
            await command;
        }
    }

    public DeleteTenants Job(int atMost = 2000) => Job(Database, Crash, Domains, atMost);

    /// <param name="tenant">North when null.</param>
    public async Task BeginAsync(TestTenant? tenant = null) =>
        Assert.IsType<DeleteTenantResult.Begun>(
            await Delete.ExecuteAsync(
                Operator,
                (tenant ?? North).Id,
                $"{(tenant ?? North).Slug} Ltd",
                null,
                CancellationToken.None
            )
        );

    public Task CommandAsync(TestTenant tenant, string what) =>
        Database.Db.CommandAsync(
            tenant.As(TenantRole.Owner),
            TenantRole.Owner,
            (command, _) =>
            {
                command.Audit("thing.done", "thing", what, what);
                return Task.FromResult(true);
            },
            CancellationToken.None
        );

    public async Task<string> KeyAsync() =>
        Assert
            .IsType<ApiKeyOutcome.Created>(
                await new CreateApiKey(Database.Db).ExecuteAsync(
                    North.As(TenantRole.Owner),
                    new ApiKeyInput("Program", ["read"]),
                    CancellationToken.None
                )
            )
            .Token;

    public string Token(string address) => new UnsubscribeTokens(new byte[32]).Seal(North.Id, address);

    /// <param name="tenantId">Null for the installation's log.</param>
    public Task<AuditVerdict> VerifyAsync(Guid? tenantId) =>
        new VerifyAuditLog(
            Database.Db,
            TestDatabase.AuditKeys,
            new AuditAnchorFiles(Path.Combine(Database.Folder, "anchors"))
        ).ExecuteAsync(tenantId is { } id ? TenantScope.For(id) : TenantScope.Installation, CancellationToken.None);

    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
