using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.PostgreSql
{
    /// <inheritdoc />
    public partial class SealedLog : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<byte[]>(
                name: "Hash",
                table: "AuditEntries",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "KeyId",
                table: "AuditEntries",
                type: "character varying(16)",
                maxLength: 16,
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<byte[]>(
                name: "PersonalHash",
                table: "AuditEntries",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "Salt",
                table: "AuditEntries",
                type: "bytea",
                nullable: true);

            // An entry of before is sealed once; a sealed one is never changed, and none is ever deleted.
            migrationBuilder.Sql(
                """
                CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'The audit log is never changed or deleted.'; END $$;
                CREATE TRIGGER "AuditEntries_unchanged" BEFORE UPDATE ON "AuditEntries"
                    FOR EACH ROW WHEN (OLD."Hash" IS NOT NULL) EXECUTE FUNCTION refuse_audit_change();
                CREATE TRIGGER "AuditEntries_undeleted" BEFORE DELETE ON "AuditEntries"
                    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
                CREATE TRIGGER "AuditEntries_untruncated" BEFORE TRUNCATE ON "AuditEntries"
                    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
                """
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                DROP TRIGGER "AuditEntries_unchanged" ON "AuditEntries";
                DROP TRIGGER "AuditEntries_undeleted" ON "AuditEntries";
                DROP TRIGGER "AuditEntries_untruncated" ON "AuditEntries";
                DROP FUNCTION refuse_audit_change();
                """
            );
            migrationBuilder.DropColumn(
                name: "Hash",
                table: "AuditEntries");

            migrationBuilder.DropColumn(
                name: "KeyId",
                table: "AuditEntries");

            migrationBuilder.DropColumn(
                name: "PersonalHash",
                table: "AuditEntries");

            migrationBuilder.DropColumn(
                name: "Salt",
                table: "AuditEntries");
        }
    }
}
