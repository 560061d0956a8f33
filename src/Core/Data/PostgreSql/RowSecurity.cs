using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Ledgerpost.Data.PostgreSql;

/// <summary>
/// The wall between tenants in the database itself. Two roles that own nothing and cannot log in: the one sees the rows of
/// the tenant that the transaction names and none without a name, the other all tenants'.
/// </summary>
public static class RowSecurity
{
    public const string TenantRole = "ledgerpost_tenant";
    public const string InstallationRole = "ledgerpost_installation";

    /// <summary>The setting that names the tenant; empty or never set means none.</summary>
    public const string Setting = "ledgerpost.tenant";

    /// <summary>Tables of the installation that nothing asks for in a tenant's name, or in nobody's: the role of tenants has no right to them.</summary>
    public static readonly string[] NotInATenantsName = ["DataProtectionKeys", "OperatorKeys"];

    /// <summary>
    /// The condition of every tenant's policy; an unset setting makes it NULL, which no row fulfils. As PostgreSQL itself writes
    /// it: the start compares what stands there with it.
    /// </summary>
    internal const string IsTheTenants =
        $"(\"TenantId\" = (NULLIF(current_setting('{Setting}'::text, true), ''::text))::uuid)";

    /// <summary>
    /// Only whoever has taken the role: the login is a member of it and must see nothing by that alone. As PostgreSQL writes it.
    /// </summary>
    internal const string IsTheInstallation = $"(CURRENT_USER = '{InstallationRole}'::name)";

    /// <summary>Two columns that take role and tenant from the first two parameters.</summary>
    /// <param name="local">SQL: whether they end with the transaction.</param>
    internal static string Enter(string local) =>
        $"set_config('role', $1, {local}), set_config('{Setting}', $2, {local})";

    internal static void Add(NpgsqlCommand command, TenantScope scope)
    {
        command.Parameters.Add(
            new NpgsqlParameter<string> { TypedValue = scope.AllTenants ? InstallationRole : TenantRole }
        );
        command.Parameters.Add(
            new NpgsqlParameter<string>
            {
                TypedValue = scope.TenantId == Guid.Empty ? "" : scope.TenantId.ToString("D"),
            }
        );
    }
}

/// <summary>
/// Gives a connection that a context opens its role and tenant; giving it back to the pool resets both, which is why the
/// portal refuses a connection string that switches that off.
/// </summary>
internal sealed class ScopedConnection(TenantScope scope, bool readOnly) : DbConnectionInterceptor
{
    public override async Task ConnectionOpenedAsync(
        DbConnection connection,
        ConnectionEndEventData eventData,
        CancellationToken cancellationToken = default
    )
    {
        await using var command = Command((NpgsqlConnection)connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var command = Command((NpgsqlConnection)connection);
        command.ExecuteNonQuery();
    }

    private NpgsqlCommand Command(NpgsqlConnection connection)
    {
        var command = connection.CreateCommand();
        command.CommandText =
            $"SELECT {RowSecurity.Enter("false")}, set_config('default_transaction_read_only', $3, false)";
        RowSecurity.Add(command, scope);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = readOnly ? "on" : "off" });
        return command;
    }
}
