using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class ChunkIndex : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Recipients_TenantId_CampaignId_ChunkNumber",
                table: "Recipients");

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_TenantId_CampaignId_ChunkNumber_State",
                table: "Recipients",
                columns: new[] { "TenantId", "CampaignId", "ChunkNumber", "State" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Recipients_TenantId_CampaignId_ChunkNumber_State",
                table: "Recipients");

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_TenantId_CampaignId_ChunkNumber",
                table: "Recipients",
                columns: new[] { "TenantId", "CampaignId", "ChunkNumber" });
        }
    }
}
