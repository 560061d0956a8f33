using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Ledgerpost.Data.PostgreSql;

/// <summary>
/// The same model, for PostgreSQL's own migrations only: EF Core finds migrations by the type of their context. Until the
/// first release there is one, made anew after each change of the model: delete <c>Data/Migrations/PostgreSql</c>, then
/// <c>Migrations=true dotnet ef migrations add Initial --context PostgreSqlMigrations --project src/Core --output-dir Data/Migrations/PostgreSql</c>.
/// Roles and policies are not in it: <see cref="Schema"/> makes them from the model.
/// </summary>
public sealed class PostgreSqlMigrations(DbContextOptions options) : PortalDbContext(options, TenantScope.Installation);

/// <summary>For the migrations tool only; it never connects.</summary>
public sealed class PostgreSqlMigrationsFactory : IDesignTimeDbContextFactory<PostgreSqlMigrations>
{
    public PostgreSqlMigrations CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder().UseNpgsql("Host=design-time").Options);
}
