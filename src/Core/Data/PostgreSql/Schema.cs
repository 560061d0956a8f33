using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Ledgerpost.Data.PostgreSql;

/// <summary>
/// At the start, as the login of the connection string, which owns the tables: migrations, roles, grants and a policy for
/// each table of tenants' data, then a look whether they hold. One process at a time; the others wait and find it done.
/// </summary>
internal sealed class Schema(NpgsqlConnection connection)
{
    /// <summary>A migration may rewrite a table of millions, and a second process waits for the first one's.</summary>
    private const int WithoutEnd = 0;

    /// <summary>Of each table, by their names.</summary>
    private static readonly (string Name, string Role, string Condition)[] Policies =
    [
        ("installation", RowSecurity.InstallationRole, RowSecurity.IsTheInstallation),
        ("tenant", RowSecurity.TenantRole, RowSecurity.IsTheTenants),
    ];

    /// <exception cref="DatabaseUnsafeException">What was asked for does not hold, and the portal must not start.</exception>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        await ExecuteAsync("SELECT pg_advisory_lock(hashtextextended('ledgerpost/schema', 0))", cancellation);
        try
        {
            await using var db = new PostgreSqlMigrations(new DbContextOptionsBuilder().UseNpgsql(connection).Options);
            db.Database.SetCommandTimeout(WithoutEnd);
            await db.Database.MigrateAsync(cancellation);
            var tables = TenantTables(db);
            await EnsureRolesAsync(cancellation);
            await EnsureGrantsAsync(cancellation);
            foreach (var table in tables)
            {
                await EnsurePoliciesAsync(table, cancellation);
            }

            await VerifyAsync(tables, cancellation);
        }
        finally
        {
            await ExecuteAsync("SELECT pg_advisory_unlock_all()", CancellationToken.None);
        }
    }

    private static List<string> TenantTables(PortalDbContext db) =>
        [
            .. db
                .Model.GetEntityTypes()
                .Where(entity => entity.ClrType.IsAssignableTo(typeof(ITenantOwned)))
                .Select(entity => entity.GetTableName()!)
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];

    private async Task EnsureRolesAsync(CancellationToken cancellation)
    {
        foreach (var role in new[] { RowSecurity.TenantRole, RowSecurity.InstallationRole })
        {
            try
            {
                // Roles belong to the whole server: another database's start may make them at this moment.
                await ExecuteAsync(
                    $"""
                    DO $$ BEGIN
                        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN
                            CREATE ROLE {role} NOLOGIN;
                        END IF;
                    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
                    END $$
                    """,
                    cancellation
                );
                if (!await TrueAsync($"SELECT pg_has_role(current_user, '{role}', 'MEMBER')", cancellation))
                {
                    await ExecuteAsync($"GRANT {role} TO current_user", cancellation);
                }
            }
            catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            {
                throw new DatabaseUnsafeException(
                    $"The login of ConnectionStrings:Portal may not make the role {role}. Let an administrator of the "
                        + $"database run once: CREATE ROLE {role} NOLOGIN; GRANT {role} TO the login."
                );
            }
        }
    }

    private async Task EnsureGrantsAsync(CancellationToken cancellation)
    {
        foreach (var role in new[] { RowSecurity.TenantRole, RowSecurity.InstallationRole })
        {
            var kept = KeptFrom(role);
            if (
                await TrueAsync(
                    $"""
                    SELECT NOT EXISTS (
                        SELECT 1 FROM pg_tables WHERE schemaname = current_schema()
                            AND (tablename = ANY ({kept})) = has_table_privilege('{role}',
                                quote_ident(schemaname) || '.' || quote_ident(tablename), 'SELECT, INSERT, UPDATE, DELETE'))
                    """,
                    cancellation
                )
            )
            {
                continue;
            }

            await ExecuteAsync(
                $"""
                DO $$ DECLARE kept text; BEGIN
                    EXECUTE format('GRANT USAGE ON SCHEMA %I TO {role}', current_schema());
                    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO {role}', current_schema());
                    FOREACH kept IN ARRAY {kept} LOOP
                        EXECUTE format('REVOKE ALL ON %I.%I FROM {role}', current_schema(), kept);
                    END LOOP;
                END $$
                """,
                cancellation
            );
        }
    }

    private static string KeptFrom(string role) =>
        role == RowSecurity.TenantRole
            ? $"ARRAY['__EFMigrationsHistory', '{string.Join("', '", RowSecurity.NotInATenantsName)}']"
            : "ARRAY['__EFMigrationsHistory']";

    // Only what is missing: each of these statements waits for everybody who uses the table. A policy that is there and says
    // something else stays as it is, and the start is refused: whoever changed it has to be asked.
    private async Task EnsurePoliciesAsync(string table, CancellationToken cancellation)
    {
        if (!await TrueAsync(IsWalled(table), cancellation))
        {
            await ExecuteAsync(
                $"""
                ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY;
                ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY;
                {string.Concat(Policies.Select(policy => Create(table, policy)))}
                """,
                cancellation
            );
        }
    }

    private static string Create(string table, (string Name, string Role, string Condition) policy) =>
        $"""
            DO $$ BEGIN
                CREATE POLICY {policy.Name} ON "{table}" TO {policy.Role}
                    USING ({policy.Condition}) WITH CHECK ({policy.Condition});
            EXCEPTION WHEN duplicate_object THEN NULL;
            END $$;
            """;

    private async Task VerifyAsync(IReadOnlyList<string> tables, CancellationToken cancellation)
    {
        foreach (var table in tables)
        {
            if (!await TrueAsync(IsWalled(table), cancellation))
            {
                throw new DatabaseUnsafeException(
                    $"The table {table} has no row-level security that holds: its policies are not those that the portal makes "
                        + $"({string.Join(", ", Policies.Select(policy => policy.Name))}), and tenants could see each other. Find out who "
                        + "changed them, drop all policies of this table, and start again: the portal makes its own anew."
                );
            }
        }

        foreach (var role in new[] { RowSecurity.TenantRole, RowSecurity.InstallationRole })
        {
            if (
                await TrueAsync(
                    $"""
                    SELECT r.rolsuper OR r.rolbypassrls OR EXISTS (
                        SELECT 1 FROM pg_tables t
                        WHERE t.schemaname = current_schema() AND pg_has_role('{role}', t.tableowner, 'MEMBER'))
                    FROM pg_roles r WHERE r.rolname = '{role}'
                    """,
                    cancellation
                )
            )
            {
                throw new DatabaseUnsafeException(
                    $"The database role {role} is a superuser, may bypass row-level security or owns tables: tenants would "
                        + "see each other. Take that from it."
                );
            }
        }
    }

    private static string IsWalled(string table) =>
        $"""
            SELECT c.relrowsecurity AND c.relforcerowsecurity
                AND (SELECT string_agg(concat_ws(' ', p.policyname, p.roles, p.permissive, p.cmd, p.qual, p.with_check), ' '
                        ORDER BY p.policyname)
                    FROM pg_policies p WHERE p.schemaname = current_schema() AND p.tablename = c.relname)
                    = {Literal(string.Join(' ', Policies.Select(Told)))}
            FROM pg_class c WHERE c.oid = {Literal($"\"{table}\"")}::regclass
            """;

    private static string Told((string Name, string Role, string Condition) policy) =>
        $"{policy.Name} {{{policy.Role}}} PERMISSIVE ALL {policy.Condition} {policy.Condition}";

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private async Task<bool> TrueAsync(string sql, CancellationToken cancellation)
    {
        await using var command = Command(sql);
        return await command.ExecuteScalarAsync(cancellation) is true;
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellation)
    {
        await using var command = Command(sql);
        await command.ExecuteNonQueryAsync(cancellation);
    }

#pragma warning disable CA2100 // Only this file's own text, with names from the model.
    private NpgsqlCommand Command(string sql) => new(sql, connection) { CommandTimeout = WithoutEnd };
#pragma warning restore CA2100
}
