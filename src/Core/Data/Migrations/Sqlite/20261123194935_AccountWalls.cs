using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class AccountWalls : Migration
    {
        private static readonly (string Table, string Column, string Trigger)[] NamesAnAccount =
        [
            ("SendingDomains", "AccountId", "SendingDomains_account"),
            ("SendingDomains", "LeftAccountId", "SendingDomains_left_account"),
            ("OwnAccounts", "AccountId", "OwnAccounts_account"),
            ("Runs", "AccountId", "Runs_account"),
            ("Chunks", "AccountId", "Chunks_account"),
            ("WebhookMessages", "AccountId", "WebhookMessages_account"),
        ];

        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // What an own account brought is its owner's from its arrival; so is what came before this version.
            migrationBuilder.Sql(
                """
                UPDATE "WebhookMessages" SET "TenantId" =
                    (SELECT a."OwnerId" FROM "ProviderAccounts" AS a WHERE a."Id" = "WebhookMessages"."AccountId")
                WHERE "TenantId" = '00000000-0000-0000-0000-000000000000'
                    AND "AccountId" IN (SELECT "Id" FROM "ProviderAccounts" WHERE "OwnerId" IS NOT NULL);
                """
            );

            // The key to ProviderAccounts has no tenant in it, for the installation's accounts are everybody's: one that has an owner
            // is named by its owner's rows alone. An event is nobody's until it is proven whose mail it is about. The settle writes
            // neither column but where a generation ends, and then no account. A migration that makes one of these tables anew takes
            // its triggers with it, and has to drop all of them before it makes ProviderAccounts anew.
            foreach (var (table, column, trigger) in NamesAnAccount)
            {
                foreach (
                    var (name, moment) in new[]
                    {
                        ("inserted", "INSERT"),
                        ("updated", $"UPDATE OF \"TenantId\", \"{column}\""),
                    }
                )
                {
                    migrationBuilder.Sql(
                        $"""
                        CREATE TRIGGER "{trigger}_{name}" BEFORE {moment} ON "{table}"
                        WHEN NEW."{column}" IS NOT NULL AND NEW."TenantId" <> '00000000-0000-0000-0000-000000000000'
                        BEGIN
                            SELECT RAISE(ABORT, 'The account is another tenant''s.') WHERE NOT EXISTS (
                                SELECT 1 FROM "ProviderAccounts" AS a
                                WHERE a."Id" = NEW."{column}" AND (a."OwnerId" IS NULL OR a."OwnerId" = NEW."TenantId"));
                        END;
                        """
                    );
                }
            }

            // Or rows that were right would be wrong.
            migrationBuilder.Sql(
                """
                CREATE TRIGGER "ProviderAccounts_owner" BEFORE UPDATE OF "OwnerId" ON "ProviderAccounts"
                WHEN NEW."OwnerId" IS NOT OLD."OwnerId"
                BEGIN SELECT RAISE(ABORT, 'An account never changes its owner.'); END;
                """
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""DROP TRIGGER "ProviderAccounts_owner";""");
            foreach (var (_, _, trigger) in NamesAnAccount)
            {
                migrationBuilder.Sql($"""DROP TRIGGER "{trigger}_inserted"; DROP TRIGGER "{trigger}_updated";""");
            }
        }
    }
}
