using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class AccountRate : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "RateLimit",
                table: "ProviderAccounts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "RatePhase",
                table: "ProviderAccounts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "RatePhaseAt",
                table: "ProviderAccounts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "RateShare",
                table: "ProviderAccounts",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "RateSlot",
                table: "ProviderAccounts",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<int>(
                name: "RateVersion",
                table: "ProviderAccounts",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "RateWindow",
                table: "ProviderAccounts",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "RateLimit",
                table: "ProviderAccounts");

            migrationBuilder.DropColumn(
                name: "RatePhase",
                table: "ProviderAccounts");

            migrationBuilder.DropColumn(
                name: "RatePhaseAt",
                table: "ProviderAccounts");

            migrationBuilder.DropColumn(
                name: "RateShare",
                table: "ProviderAccounts");

            migrationBuilder.DropColumn(
                name: "RateSlot",
                table: "ProviderAccounts");

            migrationBuilder.DropColumn(
                name: "RateVersion",
                table: "ProviderAccounts");

            migrationBuilder.DropColumn(
                name: "RateWindow",
                table: "ProviderAccounts");
        }
    }
}
