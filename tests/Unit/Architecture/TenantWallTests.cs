using System.Text.RegularExpressions;
using Ledgerpost.Data;
using UnitTests.Support;

namespace UnitTests.Architecture;

/// <summary>Who may look over the wall between tenants, and who may write SQL by hand: lists that grow only on purpose.</summary>
public sealed partial class TenantWallTests
{
    /// <summary>Each with its reason; whoever is not here gets one tenant's scope.</summary>
    private static readonly Dictionary<string, string> SeesAllTenants = new(StringComparer.Ordinal)
    {
        ["Core/Audit/AuditLogs.cs"] = "lists all logs; each is verified in its tenant's scope",
        ["Core/Audit/AuditQuery.cs"] = "operators read the installation's own log, and no tenant's",
        ["Core/Audit/AuditTally.cs"] = "counts for the installation's own log, and for each tenant's in its scope",
        ["Core/Audit/ExportAuditLog.cs"] = "the same",
        ["Core/Audit/VerifyAuditLog.cs"] = "the same",
        ["Core/Contacts/Import/ContactImporter.cs"] =
            "finds whose import is next; the lines go in in their tenant's scope",
        ["Core/Data/PortalDbContext.cs"] = "is the context without filters",
        ["Core/Data/PostgreSql/PostgreSqlMigrations.cs"] = "migrates",
        ["Core/Data/Sqlite/SqliteEngine.cs"] = "migrates",
        ["Core/Data/TenantScope.cs"] = "defines it",
        ["Core/Identity/AccountWork.cs"] = "accounts are the installation's, and so is the log of what is done to them",
        ["Core/Deletion/DeleteTenant.cs"] = "writes the installation's log beside the tenant's",
        ["Core/Deletion/DeleteTenants.cs"] = "the same; rows are deleted in their tenant's scope",
        ["Core/Identity/FirstOperator.cs"] = "makes the first person, before there is a tenant",
        ["Core/Identity/Operators.cs"] = "operators are the installation's; whoever asks is asked first",
        ["Core/Programs/OperatorKeys.cs"] = "the same with their keys",
        ["Core/Identity/StoredKeys.cs"] = "the keys that encrypt are nobody's to read in a tenant's name",
        ["Core/Identity/UseSetUpLink.cs"] = "has a token and not yet a person",
        ["Core/Tenancy/AddMember.cs"] = "checks whether an account is a member anywhere",
        ["Core/Tenancy/OperatorCommands.cs"] = "runs what an operator may do; the operator is checked in it",
        ["Core/Tenancy/RenewSetUpLink.cs"] = "checks where else a person is a member",
        ["Core/Tenancy/TenantList.cs"] = "operators see tenants, not their content",
        ["Core/Tenancy/TenantDirectory.cs"] = "lists the tenants of one person",
        ["Core/Programs/FindProgram.cs"] = "has a token and not yet a tenant",
        ["Core/Programs/FirstOperatorKey.cs"] = "keys of operators are the installation's",
        ["Core/Programs/ForgetRequests.cs"] = "deletes what is over, of all tenants",
        ["Core/OutgoingEvents/DeliverEvents.cs"] =
            "finds for whom something is due, and ends at the start what the dead held; all else is in its tenant's scope",
        ["Core/OutgoingEvents/ForgetDeliveries.cs"] = "the same with what is a month old",
        ["Core/Senders/ProviderAccounts.cs"] = "accounts are the installation's",
        ["Core/Senders/RecheckDomains.cs"] = "finds whose domain is due; each is looked at in its tenant's scope",
        ["Core/Sending/ClaimChunk.cs"] = "gives tenants their turns",
        ["Core/Sending/ExpireDoubt.cs"] = "sweeps all tenants; each change is in its tenant's scope",
        ["Core/Sending/HoldSending.cs"] = "stops the whole installation",
        ["Core/Sending/LaunchDue.cs"] = "looks for what is due; each campaign is launched in its own tenant's scope",
        ["Core/Sending/NoticeOldDatabase.cs"] = "asks whether anything was ever sent",
        ["Core/Sending/OpenQuestions.cs"] = "asks for all tenants; each proof is written in its tenant's scope",
        ["Core/Sending/RecoverAtStart.cs"] = "start-up",
        ["Core/Sending/ForgetOwnKeys.cs"] = "takes keys and secrets away whose time is over, of all tenants",
        ["Core/Sending/OwnLanes.cs"] = "finds whose own account is busy; chunks are claimed as for the installation's",
        ["Core/Sending/OwnArchives.cs"] = "finds which own accounts have a key",
        ["Core/Sending/ReleaseSending.cs"] = "operators see how many are unknown, not who",
        ["Core/Sending/ReplaySuppressions.cs"] = "asks which tenants have an address that the provider suppresses",
        ["Core/Sending/ReplayUnsubscribes.cs"] = "takes lists over from the database of before",
        ["Core/Sending/WatchClocks.cs"] = "asks whether anybody sends, and mends pauses that a wrong clock wrote",
        ["Core/Unsubscribe/UnsubscribeLink.cs"] = "has a token and not yet a tenant",
        ["Core/Webhooks/ApplyEvents.cs"] = "an event names its mail, not its tenant",
        ["Core/Webhooks/EventAllowance.cs"] = "counts the mails of one account, which may be the installation's",
        ["Core/Webhooks/ForgetEvents.cs"] = "deletes what is a month old, of all tenants",
        ["Core/Webhooks/ListEvents.cs"] = "operators see events that are no tenant's",
        ["Core/Webhooks/WebhookInbox.cs"] = "the same",
        ["AdminPortal/Features/Tenants/TenantHealthList.cs"] = "operators see health, not content",
        ["AdminPortal/Hosting/DemoSeed.cs"] = "makes the demo tenant",
    };

    private static readonly string[] WritesSql =
    [
        "Core/Audit/ErasedEntries.cs",
        "Core/Campaigns/Lineage.cs",
        "Core/Data/Locks.cs",
        "Core/Data/PostgreSql/PostgreSqlEngine.cs",
        "Core/Data/PostgreSql/RowSecurity.cs",
        "Core/Data/Sqlite/DatabaseFile.cs",
        "Core/Data/Sqlite/SqliteEngine.cs",
        "Core/Data/Statements.cs",
        "Core/Data/TagInsert.cs",
        "Core/Outbox/EventOutbox.cs",
        "Core/Recipients/Exclusions.cs",
        "Core/Recipients/Ledger.cs",
        "Core/Recipients/Reports.cs",
        "Core/Sending/AccountRow.cs",
        "Core/Sending/CampaignCompletion.cs",
        "Core/Sending/ChunkPlanner.cs",
        "Core/Sending/Chunks.cs",
        "Core/Sending/ClaimChunk.cs",
        "Core/Sending/EmailQueue.cs",
        "Core/Sending/FreezeAudience.Sql.cs",
        "Core/Sending/FreezeAudience.cs",
        "Core/Sending/FreezeFields.cs",
        "Core/Sending/IntentStatement.cs",
        "Core/Sending/LaunchDue.cs",
        "Core/Sending/NextDue.cs",
        "Core/Sending/OwnWork.cs",
        "Core/Sending/PrepareChunk.cs",
        "Core/Sending/RateBucket.cs",
        "Core/Sending/RecordIntent.cs",
        "Core/Sending/RunThrough.cs",
        "Core/Sending/SettleAttempt.cs",
        "Core/Sending/TakeOver.cs",
        "Core/Sending/Turns.cs",
        "Core/Sending/WatchClocks.cs",
        "Core/Webhooks/WebhookRows.cs",
    ];

    /// <summary>Use cases that take a caller and only read, or leave the change and its entry to another (the domain's check, the draft's beginning).</summary>
    private static readonly string[] Reads =
    [
        "Segments/ContactList.cs",
        "Segments/SegmentList.cs",
        "Senders/CheckSendingDomain.cs",
        "Senders/OwnAccountOverview.cs",
        "Senders/SenderOverview.cs",
        "Suppression/SuppressionList.cs",
        "Templates/StartFromTemplate.cs",
    ];

    private static readonly string[] ReadsOfActors =
    [
        "Audit/AuditQuery.cs",
        "Audit/VerifyAuditLog.cs",
        "Tenancy/TenantList.cs",
        "Webhooks/ListEvents.cs",
    ];

    [Fact]
    public void ScopeOfAllTenants_IsTakenOnlyByTheNamed() =>
        Assert.Equal(
            SeesAllTenants.Keys.Order(StringComparer.Ordinal),
            Sources().Where(file => AllTenants().IsMatch(file.Text)).Select(file => file.Path)
        );

    [Fact]
    public void SqlByHand_StandsOnlyInTheNamedFiles() =>
        Assert.Equal(WritesSql, Sources().Where(file => Sql().IsMatch(file.Text)).Select(file => file.Path));

    [Fact]
    public void QueryFilters_AreNeverSwitchedOff() =>
        Assert.Empty(Sources().Where(file => Leak().IsMatch(file.Text)).Select(file => file.Path));

    [Fact]
    public void EveryCommandOfACaller_WritesAnAuditEntry()
    {
        var commands = SourceFiles
            .In("src/Core")
            .Where(file => file.Text.Contains("Caller caller", StringComparison.Ordinal))
            .Where(file =>
                !file.Path.StartsWith("Data/", StringComparison.Ordinal) && file.Path != "Tenancy/Permissions.cs"
            )
            .ToList();

        Assert.True(commands.Count >= 15, "The search for commands has gone blind.");
        Assert.Equal(Reads, commands.Where(file => !Audits().IsMatch(file.Text)).Select(file => file.Path));
    }

    /// <summary>Of operators, and of people upon their own accounts.</summary>
    [Fact]
    public void EveryCommandOfAnActor_WritesAnAuditEntry()
    {
        var commands = SourceFiles
            .In("src/Core")
            .Where(file => file.Text.Contains("Actor actor", StringComparison.Ordinal))
            .Where(file => file.Path != "Tenancy/Permissions.cs")
            .ToList();

        Assert.True(commands.Count >= 15, "The search for commands has gone blind.");
        Assert.Equal(
            ReadsOfActors,
            commands.Where(file => !Audits().IsMatch(file.Text)).Select(file => file.Path).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task EveryTenantTable_IsFiltered_AndHasTheTenantFirstInItsKey()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var db = database.Db.Read(TenantScope.None);
        var tables = db
            .Model.GetEntityTypes()
            .Where(entity => entity.ClrType.IsAssignableTo(typeof(ITenantOwned)))
            .ToList();

        Assert.True(tables.Count >= 15, "The model has lost its tenant data.");
        Assert.All(tables, table => Assert.NotEmpty(table.GetDeclaredQueryFilters()));
        // An unsubscribe link is found by its token alone: whoever follows it has no tenant. An event comes in before
        // anybody knows whose it is.
        Assert.Equal(
            ["UnsubscribeLink", "WebhookMessage"],
            tables
                .Where(table => table.FindPrimaryKey()!.Properties[0].Name != nameof(ITenantOwned.TenantId))
                .Select(table => table.ClrType.Name)
        );
        Assert.All(
            tables.SelectMany(table => table.GetForeignKeys()),
            key =>
                Assert.True(
                    !key.PrincipalEntityType.ClrType.IsAssignableTo(typeof(ITenantOwned))
                        || key.Properties[0].Name == nameof(ITenantOwned.TenantId),
                    $"{key} can point into another tenant."
                )
        );
    }

    [Fact]
    public void BannedSymbols_NameWhatTheRulesForbid()
    {
        var banned = string.Join('\n', SourceFiles.In("", "BannedSymbols.txt").Select(file => file.Text));

        Assert.All(
            [
                "DateTimeOffset.UtcNow",
                "Guid.NewGuid",
                "Random.Shared",
                "Task.Delay(System.TimeSpan)",
                "Thread.Sleep",
                "IgnoreQueryFilters",
                "EntityEntry.Reload",
                "GetDatabaseValues",
                "FromSqlRaw",
                "ExecuteSqlRaw",
            ],
            symbol => Assert.Contains(symbol, banned, StringComparison.Ordinal)
        );
    }

    private static IEnumerable<(string Path, string Text)> Sources() =>
        SourceFiles
            .In("src", ".cs", ".razor")
            .Where(file =>
                !file.Path.StartsWith("ResendEmulator/", StringComparison.Ordinal)
                && !file.Path.StartsWith("Core/Data/Migrations/", StringComparison.Ordinal)
            );

    [GeneratedRegex(
        @"TenantScope\.Installation|static TenantScope Installation",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex AllTenants();

    [GeneratedRegex(
        @"ExecuteSql|SqlQuery|FromSql|CommandText|(FROM|UPDATE|INTO|JOIN) ""[A-Z]",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex Sql();

    [GeneratedRegex(
        @"IgnoreQueryFilters|\.Reload\(|\.ReloadAsync\(|GetDatabaseValues",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex Leak();

    [GeneratedRegex(
        @"\.Audit\(|AuditLog\.AppendAsync|OperatorCommands|""[a-z]+\.[a-z_]+""",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex Audits();
}
