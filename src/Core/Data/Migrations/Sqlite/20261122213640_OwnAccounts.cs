using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class OwnAccounts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "Looks",
                table: "SendingDomains",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "NextCheckAt",
                table: "SendingDomains",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<string>(
                name: "Remark",
                table: "SendingDomains",
                type: "TEXT",
                maxLength: 500,
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "OwnerId",
                table: "ProviderAccounts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "OwnAccounts",
                columns: table => new
                {
                    TenantId = table.Column<Guid>(type: "TEXT", nullable: false),
                    AccountId = table.Column<Guid>(type: "TEXT", nullable: false),
                    ApiKey = table.Column<string>(type: "TEXT", nullable: true),
                    LastFour = table.Column<string>(type: "TEXT", maxLength: 4, nullable: false),
                    SetAt = table.Column<long>(type: "INTEGER", nullable: false),
                    SetBy = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    IsCurrent = table.Column<bool>(type: "INTEGER", nullable: false),
                    LeftAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_OwnAccounts", x => new { x.TenantId, x.AccountId });
                    table.ForeignKey(
                        name: "FK_OwnAccounts_ProviderAccounts_AccountId",
                        column: x => x.AccountId,
                        principalTable: "ProviderAccounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_OwnAccounts_Tenants_TenantId",
                        column: x => x.TenantId,
                        principalTable: "Tenants",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "OwnWebhookSecrets",
                columns: table => new
                {
                    TenantId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    AccountId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Secret = table.Column<string>(type: "TEXT", nullable: false),
                    LastFour = table.Column<string>(type: "TEXT", maxLength: 4, nullable: false),
                    AddedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    AddedBy = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    EndsAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_OwnWebhookSecrets", x => new { x.TenantId, x.Id });
                    table.ForeignKey(
                        name: "FK_OwnWebhookSecrets_OwnAccounts_TenantId_AccountId",
                        columns: x => new { x.TenantId, x.AccountId },
                        principalTable: "OwnAccounts",
                        principalColumns: new[] { "TenantId", "AccountId" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_SendingDomains_NextCheckAt",
                table: "SendingDomains",
                column: "NextCheckAt");

            migrationBuilder.CreateIndex(
                name: "IX_ProviderAccounts_OwnerId",
                table: "ProviderAccounts",
                column: "OwnerId",
                filter: "\"OwnerId\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_OwnAccounts_AccountId",
                table: "OwnAccounts",
                column: "AccountId");

            migrationBuilder.CreateIndex(
                name: "IX_OwnAccounts_TenantId",
                table: "OwnAccounts",
                column: "TenantId",
                unique: true,
                filter: "\"IsCurrent\" = 1");

            migrationBuilder.CreateIndex(
                name: "IX_OwnWebhookSecrets_TenantId_AccountId",
                table: "OwnWebhookSecrets",
                columns: new[] { "TenantId", "AccountId" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "OwnWebhookSecrets");

            migrationBuilder.DropTable(
                name: "OwnAccounts");

            migrationBuilder.DropIndex(
                name: "IX_SendingDomains_NextCheckAt",
                table: "SendingDomains");

            migrationBuilder.DropIndex(
                name: "IX_ProviderAccounts_OwnerId",
                table: "ProviderAccounts");

            migrationBuilder.DropColumn(
                name: "Looks",
                table: "SendingDomains");

            migrationBuilder.DropColumn(
                name: "NextCheckAt",
                table: "SendingDomains");

            migrationBuilder.DropColumn(
                name: "Remark",
                table: "SendingDomains");

            migrationBuilder.DropColumn(
                name: "OwnerId",
                table: "ProviderAccounts");
        }
    }
}
