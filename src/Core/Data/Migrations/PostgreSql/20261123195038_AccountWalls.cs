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
            // The key to ProviderAccounts has no tenant in it, for the installation's accounts are everybody's: one that has an owner
            // is named by its owner's rows alone. An event is nobody's until it is proven whose mail it is about. The settle writes
            // neither column but where a generation ends, and then no account.
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
                        CREATE FUNCTION refuse_anothers_account() RETURNS trigger LANGUAGE plpgsql AS $body$
                        BEGIN
                            IF NOT EXISTS (
                                SELECT 1 FROM %I."ProviderAccounts" AS a
                                WHERE a."Id" = NEW."AccountId" AND (a."OwnerId" IS NULL OR a."OwnerId" = NEW."TenantId")) THEN
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

            // Or rows that were right would be wrong.
            migrationBuilder.Sql(
                """
                CREATE FUNCTION refuse_another_owner() RETURNS trigger LANGUAGE plpgsql AS $$
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
            foreach (var table in NamesAnAccount)
            {
                migrationBuilder.Sql($"""DROP TRIGGER "{table}_account" ON "{table}";""");
            }

            migrationBuilder.Sql("DROP FUNCTION refuse_anothers_account();");
        }
    }
}
