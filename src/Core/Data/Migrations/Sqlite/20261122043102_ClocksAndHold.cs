using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class ClocksAndHold : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "BackedUpAt",
                table: "Installation",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "ClockMark",
                table: "Installation",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "HeldSince",
                table: "Installation",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Hold",
                table: "Installation",
                type: "TEXT",
                maxLength: 32,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "HoldDetail",
                table: "Installation",
                type: "TEXT",
                maxLength: 1000,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "PublicUrl",
                table: "Installation",
                type: "TEXT",
                maxLength: 500,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "ReleasedAt",
                table: "Installation",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "Stamp",
                table: "Installation",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "BackedUpAt",
                table: "Installation");

            migrationBuilder.DropColumn(
                name: "ClockMark",
                table: "Installation");

            migrationBuilder.DropColumn(
                name: "HeldSince",
                table: "Installation");

            migrationBuilder.DropColumn(
                name: "Hold",
                table: "Installation");

            migrationBuilder.DropColumn(
                name: "HoldDetail",
                table: "Installation");

            migrationBuilder.DropColumn(
                name: "PublicUrl",
                table: "Installation");

            migrationBuilder.DropColumn(
                name: "ReleasedAt",
                table: "Installation");

            migrationBuilder.DropColumn(
                name: "Stamp",
                table: "Installation");
        }
    }
}
