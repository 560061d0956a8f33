using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class AuditOrigins : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "MailsAnchors",
                table: "Tenants",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "OnBehalfOf",
                table: "AuditEntries",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "SessionId",
                table: "AuditEntries",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_AuditEntries_TenantId_Action_Sequence",
                table: "AuditEntries",
                columns: new[] { "TenantId", "Action", "Sequence" });

            migrationBuilder.CreateIndex(
                name: "IX_AuditEntries_TenantId_ActorId_Sequence",
                table: "AuditEntries",
                columns: new[] { "TenantId", "ActorId", "Sequence" });

            // What names a person goes as a whole, the session and whom it was for with it.
            migrationBuilder.Sql(
                """
                DROP TRIGGER "AuditEntries_unchanged";
                CREATE TRIGGER "AuditEntries_unchanged" BEFORE UPDATE ON "AuditEntries"
                WHEN OLD."Hash" IS NOT NULL AND NOT (NEW."Salt" IS NULL AND NEW."ActorName" = '' AND NEW."TargetName" = '' AND NEW."Details" IS NULL
                    AND NEW."From" IS NULL AND NEW."SessionId" IS NULL AND NEW."OnBehalfOf" IS NULL
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
                    AND NEW."Hash" IS NOT DISTINCT FROM OLD."Hash")
                BEGIN SELECT RAISE(ABORT, 'The audit log is never changed.'); END;
                """
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                DROP TRIGGER "AuditEntries_unchanged";
                CREATE TRIGGER "AuditEntries_unchanged" BEFORE UPDATE ON "AuditEntries"
                WHEN OLD."Hash" IS NOT NULL AND NOT (NEW."Salt" IS NULL AND NEW."ActorName" = '' AND NEW."TargetName" = '' AND NEW."Details" IS NULL
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
                    AND NEW."Hash" IS NOT DISTINCT FROM OLD."Hash")
                BEGIN SELECT RAISE(ABORT, 'The audit log is never changed.'); END;
                """
            );

            migrationBuilder.DropIndex(
                name: "IX_AuditEntries_TenantId_Action_Sequence",
                table: "AuditEntries");

            migrationBuilder.DropIndex(
                name: "IX_AuditEntries_TenantId_ActorId_Sequence",
                table: "AuditEntries");

            migrationBuilder.DropColumn(
                name: "MailsAnchors",
                table: "Tenants");

            migrationBuilder.DropColumn(
                name: "OnBehalfOf",
                table: "AuditEntries");

            migrationBuilder.DropColumn(
                name: "SessionId",
                table: "AuditEntries");
        }
    }
}
