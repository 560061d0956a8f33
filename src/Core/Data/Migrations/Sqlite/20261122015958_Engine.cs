using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Engine : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Chunks_State_NotBefore",
                table: "Chunks");

            migrationBuilder.DropIndex(
                name: "IX_Chunks_TenantId_CampaignId_State",
                table: "Chunks");

            migrationBuilder.DropColumn(
                name: "LastRefusal",
                table: "ProviderAccounts");

            migrationBuilder.DropColumn(
                name: "RefusalsInARow",
                table: "ProviderAccounts");

            migrationBuilder.AddColumn<int>(
                name: "Mails",
                table: "Chunks",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<Guid>(
                name: "AccountId",
                table: "Attempts",
                type: "TEXT",
                nullable: false,
                defaultValue: new Guid("00000000-0000-0000-0000-000000000000"));

            migrationBuilder.AddColumn<int>(
                name: "Mails",
                table: "Attempts",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_Clicked",
                table: "Recipients",
                columns: new[] { "TenantId", "CampaignId" },
                filter: "\"ClickedAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_Opened",
                table: "Recipients",
                columns: new[] { "TenantId", "CampaignId" },
                filter: "\"OpenedAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_TenantId_CampaignId_Delivery",
                table: "Recipients",
                columns: new[] { "TenantId", "CampaignId", "Delivery" });

            migrationBuilder.CreateIndex(
                name: "IX_Chunks_DoubtfulSince",
                table: "Chunks",
                column: "DoubtfulSince",
                filter: "\"DoubtfulSince\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Chunks_TenantId_CampaignId_State_Number",
                table: "Chunks",
                columns: new[] { "TenantId", "CampaignId", "State", "Number" });

            migrationBuilder.CreateIndex(
                name: "IX_Attempts_TenantId_CampaignId_CompletedAt",
                table: "Attempts",
                columns: new[] { "TenantId", "CampaignId", "CompletedAt" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Recipients_Clicked",
                table: "Recipients");

            migrationBuilder.DropIndex(
                name: "IX_Recipients_Opened",
                table: "Recipients");

            migrationBuilder.DropIndex(
                name: "IX_Recipients_TenantId_CampaignId_Delivery",
                table: "Recipients");

            migrationBuilder.DropIndex(
                name: "IX_Chunks_DoubtfulSince",
                table: "Chunks");

            migrationBuilder.DropIndex(
                name: "IX_Chunks_TenantId_CampaignId_State_Number",
                table: "Chunks");

            migrationBuilder.DropIndex(
                name: "IX_Attempts_TenantId_CampaignId_CompletedAt",
                table: "Attempts");

            migrationBuilder.DropColumn(
                name: "Mails",
                table: "Chunks");

            migrationBuilder.DropColumn(
                name: "AccountId",
                table: "Attempts");

            migrationBuilder.DropColumn(
                name: "Mails",
                table: "Attempts");

            migrationBuilder.AddColumn<string>(
                name: "LastRefusal",
                table: "ProviderAccounts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "RefusalsInARow",
                table: "ProviderAccounts",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateIndex(
                name: "IX_Chunks_State_NotBefore",
                table: "Chunks",
                columns: new[] { "State", "NotBefore" });

            migrationBuilder.CreateIndex(
                name: "IX_Chunks_TenantId_CampaignId_State",
                table: "Chunks",
                columns: new[] { "TenantId", "CampaignId", "State" });
        }
    }
}
