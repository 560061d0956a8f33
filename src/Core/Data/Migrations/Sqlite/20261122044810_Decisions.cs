using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Decisions : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "AssumedBy",
                table: "Recipients",
                type: "TEXT",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "FailedChunk",
                table: "Recipients",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "DecidedAt",
                table: "Chunks",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "DecidedBy",
                table: "Chunks",
                type: "TEXT",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Decision",
                table: "Chunks",
                type: "TEXT",
                maxLength: 32,
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_Assumed",
                table: "Recipients",
                columns: new[] { "TenantId", "CampaignId" },
                filter: "\"AssumedBy\" IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Recipients_Assumed",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "AssumedBy",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "FailedChunk",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "DecidedAt",
                table: "Chunks");

            migrationBuilder.DropColumn(
                name: "DecidedBy",
                table: "Chunks");

            migrationBuilder.DropColumn(
                name: "Decision",
                table: "Chunks");
        }
    }
}
