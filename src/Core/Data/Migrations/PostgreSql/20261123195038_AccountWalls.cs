using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.PostgreSql
{
    /// <inheritdoc />
    public partial class AccountWalls : Migration
    {
        private static readonly string[] NamesAnAccount =
            ["SendingDomains", "OwnAccounts", "Runs", "Chunks", "WebhookMessages"];

        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // What an own account brought is its owner's from its arrival; so is what came before this version. The wall between
            // tenants holds for the owner of the table too, and would hide every row from this statement.
            migrationBuilder.Sql(
                """
                ALTER TABLE "WebhookMessages" NO FORCE ROW LEVEL SECURITY;
                UPDATE "WebhookMessages" AS m SET "TenantId" = a."OwnerId" FROM "ProviderAccounts" AS a
                WHERE a."Id" = m."AccountId" AND a."OwnerId" IS NOT NULL
                    AND m."TenantId" = '00000000-0000-0000-0000-000000000000';
                ALTER TABLE "WebhookMessages" FORCE ROW LEVEL SECURITY;
                """
            );

            // The key to ProviderAccounts has no tenant in it, for the installation's accounts are everybody's: one that has an owner
            // is named by its owner's rows alone. An event is nobody's until it is proven whose mail it is about. The settle writes
            // neither column but where a generation ends, and then no account.
            //
            // Replaced where it is there: an older dump that was put back over this database has neither the triggers nor this
            // migration, and left the functions.
            //
            // As whoever writes, and not SECURITY DEFINER: ProviderAccounts is no table of tenants, it has no row-level security,
            // and both roles may read it. The tables' owner would see no more of it: where row-level security is, it is forced upon
            // the owner too. An account that cannot be seen is refused, so that a wall put before that table one day shuts this
            // door instead of opening it. The table's schema stands in the text, so that no search_path and no temporary table of
            // that name is asked instead.
            migrationBuilder.Sql(
                """
                DO $do$ BEGIN
                    EXECUTE format(
                        $make$
                        CREATE OR REPLACE FUNCTION refuse_anothers_account() RETURNS trigger LANGUAGE plpgsql AS $body$
                        DECLARE named uuid;
                        BEGIN
                            IF TG_NARGS = 0 THEN named := NEW."AccountId"; ELSE named := NEW."LeftAccountId"; END IF;
                            IF NOT EXISTS (
                                SELECT 1 FROM %I."ProviderAccounts" AS a
                                WHERE a."Id" = named AND (a."OwnerId" IS NULL OR a."OwnerId" = NEW."TenantId")) THEN
                                RAISE EXCEPTION 'The account is another tenant''s.' USING ERRCODE = 'foreign_key_violation';
                            END IF;
                            RETURN NEW;
                        END $body$
                        $make$,
                        current_schema());
                END $do$;
                """
            );
            foreach (var table in NamesAnAccount)
            {
                migrationBuilder.Sql(
                    $"""
                    CREATE TRIGGER "{table}_account" BEFORE INSERT OR UPDATE OF "TenantId", "AccountId" ON "{table}" FOR EACH ROW
                    WHEN (NEW."AccountId" IS NOT NULL AND NEW."TenantId" <> '00000000-0000-0000-0000-000000000000')
                    EXECUTE FUNCTION refuse_anothers_account();
                    """
                );
            }

            migrationBuilder.Sql(
                """
                CREATE TRIGGER "SendingDomains_left_account" BEFORE INSERT OR UPDATE OF "TenantId", "LeftAccountId"
                ON "SendingDomains" FOR EACH ROW WHEN (NEW."LeftAccountId" IS NOT NULL)
                EXECUTE FUNCTION refuse_anothers_account('LeftAccountId');
                """
            );

            // Or rows that were right would be wrong.
            migrationBuilder.Sql(
                """
                CREATE OR REPLACE FUNCTION refuse_another_owner() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'An account never changes its owner.' USING ERRCODE = 'foreign_key_violation'; END $$;
                CREATE TRIGGER "ProviderAccounts_owner" BEFORE UPDATE OF "OwnerId" ON "ProviderAccounts" FOR EACH ROW
                WHEN (NEW."OwnerId" IS DISTINCT FROM OLD."OwnerId")
                EXECUTE FUNCTION refuse_another_owner();
                """
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                DROP TRIGGER "ProviderAccounts_owner" ON "ProviderAccounts";
                DROP FUNCTION refuse_another_owner();
                """
            );
            migrationBuilder.Sql("""DROP TRIGGER "SendingDomains_left_account" ON "SendingDomains";""");
            foreach (var table in NamesAnAccount)
            {
                migrationBuilder.Sql($"""DROP TRIGGER "{table}_account" ON "{table}";""");
            }

            migrationBuilder.Sql("DROP FUNCTION refuse_anothers_account();");
        }
    }
}
