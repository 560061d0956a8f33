using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.PostgreSql
{
    /// <inheritdoc />
    public partial class LeftOutAndScheduled : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "LeavesOut",
                table: "Campaigns",
                type: "character varying(740)",
                maxLength: 740,
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<long>(
                name: "ScheduledAt",
                table: "Campaigns",
                type: "bigint",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "LeavesOut",
                table: "Campaigns");

            migrationBuilder.DropColumn(
                name: "ScheduledAt",
                table: "Campaigns");
        }
    }
}
