using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.PostgreSql
{
    /// <inheritdoc />
    public partial class DeletingTenants : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "DeletionBegunAt",
                table: "Tenants",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "DeletionRemoved",
                table: "Tenants",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "DeletionRows",
                table: "Tenants",
                type: "bigint",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_Tenants_DeletionBegunAt",
                table: "Tenants",
                column: "DeletionBegunAt",
                filter: "\"DeletionBegunAt\" IS NOT NULL");

            // A sealed entry may lose what names a person, all of it at once; nothing else of it ever changes.
            migrationBuilder.Sql(
                """
                DROP TRIGGER "AuditEntries_unchanged" ON "AuditEntries";
                CREATE TRIGGER "AuditEntries_unchanged" BEFORE UPDATE ON "AuditEntries" FOR EACH ROW
                WHEN (OLD."Hash" IS NOT NULL AND NOT (NEW."Salt" IS NULL AND NEW."ActorName" = '' AND NEW."TargetName" = '' AND NEW."Details" IS NULL
                    AND NEW."From" IS NULL
                    AND NEW."TenantId" IS NOT DISTINCT FROM OLD."TenantId"
                    AND NEW."Sequence" IS NOT DISTINCT FROM OLD."Sequence"
                    AND NEW."At" IS NOT DISTINCT FROM OLD."At"
                    AND NEW."ActorKind" IS NOT DISTINCT FROM OLD."ActorKind"
                    AND NEW."ActorId" IS NOT DISTINCT FROM OLD."ActorId"
                    AND NEW."Action" IS NOT DISTINCT FROM OLD."Action"
                    AND NEW."TargetKind" IS NOT DISTINCT FROM OLD."TargetKind"
                    AND NEW."TargetId" IS NOT DISTINCT FROM OLD."TargetId"
                    AND NEW."PersonalHash" IS NOT DISTINCT FROM OLD."PersonalHash"
                    AND NEW."KeyId" IS NOT DISTINCT FROM OLD."KeyId"
                    AND NEW."Hash" IS NOT DISTINCT FROM OLD."Hash"))
                EXECUTE FUNCTION refuse_audit_change();
                """
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                DROP TRIGGER "AuditEntries_unchanged" ON "AuditEntries";
                CREATE TRIGGER "AuditEntries_unchanged" BEFORE UPDATE ON "AuditEntries"
                    FOR EACH ROW WHEN (OLD."Hash" IS NOT NULL) EXECUTE FUNCTION refuse_audit_change();
                """
            );

            migrationBuilder.DropIndex(
                name: "IX_Tenants_DeletionBegunAt",
                table: "Tenants");

            migrationBuilder.DropColumn(
                name: "DeletionBegunAt",
                table: "Tenants");

            migrationBuilder.DropColumn(
                name: "DeletionRemoved",
                table: "Tenants");

            migrationBuilder.DropColumn(
                name: "DeletionRows",
                table: "Tenants");
        }
    }
}
