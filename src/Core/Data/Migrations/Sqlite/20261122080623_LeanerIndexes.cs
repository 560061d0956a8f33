using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class LeanerIndexes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Recipients_ProviderEmailId",
                table: "Recipients");

            migrationBuilder.DropIndex(
                name: "IX_Recipients_TenantId_CampaignId_ChunkNumber_State",
                table: "Recipients");

            migrationBuilder.DropIndex(
                name: "IX_Recipients_TenantId_CampaignId_Delivery",
                table: "Recipients");

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_ProviderEmailId",
                table: "Recipients",
                column: "ProviderEmailId",
                filter: "\"ProviderEmailId\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_TenantId_CampaignId_ChunkNumber",
                table: "Recipients",
                columns: new[] { "TenantId", "CampaignId", "ChunkNumber" },
                filter: "\"ChunkNumber\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_TenantId_CampaignId_Delivery",
                table: "Recipients",
                columns: new[] { "TenantId", "CampaignId", "Delivery" },
                filter: "\"Delivery\" IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Recipients_ProviderEmailId",
                table: "Recipients");

            migrationBuilder.DropIndex(
                name: "IX_Recipients_TenantId_CampaignId_ChunkNumber",
                table: "Recipients");

            migrationBuilder.DropIndex(
                name: "IX_Recipients_TenantId_CampaignId_Delivery",
                table: "Recipients");

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_ProviderEmailId",
                table: "Recipients",
                column: "ProviderEmailId");

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_TenantId_CampaignId_ChunkNumber_State",
                table: "Recipients",
                columns: new[] { "TenantId", "CampaignId", "ChunkNumber", "State" });

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_TenantId_CampaignId_Delivery",
                table: "Recipients",
                columns: new[] { "TenantId", "CampaignId", "Delivery" });
        }
    }
}
