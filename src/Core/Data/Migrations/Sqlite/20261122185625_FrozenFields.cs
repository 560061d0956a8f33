using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class FrozenFields : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "RecipientFields",
                columns: table => new
                {
                    TenantId = table.Column<Guid>(type: "TEXT", nullable: false),
                    CampaignId = table.Column<Guid>(type: "TEXT", nullable: false),
                    RecipientNumber = table.Column<int>(type: "INTEGER", nullable: false),
                    Fields = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_RecipientFields", x => new { x.TenantId, x.CampaignId, x.RecipientNumber });
                    table.ForeignKey(
                        name: "FK_RecipientFields_Recipients_TenantId_CampaignId_RecipientNumber",
                        columns: x => new { x.TenantId, x.CampaignId, x.RecipientNumber },
                        principalTable: "Recipients",
                        principalColumns: new[] { "TenantId", "CampaignId", "Number" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_Contacts_WithFields",
                table: "Contacts",
                columns: new[] { "TenantId", "CreatedAt", "Id" },
                filter: "\"Fields\" IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "RecipientFields");

            migrationBuilder.DropIndex(
                name: "IX_Contacts_WithFields",
                table: "Contacts");
        }
    }
}
