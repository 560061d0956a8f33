using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.PostgreSql
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
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "NextCheckAt",
                table: "SendingDomains",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<string>(
                name: "Remark",
                table: "SendingDomains",
                type: "character varying(500)",
                maxLength: 500,
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<Guid>(
                name: "OwnerId",
                table: "ProviderAccounts",
                type: "uuid",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "OwnAccounts",
                columns: table => new
                {
                    TenantId = table.Column<Guid>(type: "uuid", nullable: false),
                    AccountId = table.Column<Guid>(type: "uuid", nullable: false),
                    ApiKey = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    LastFour = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: false, collation: "C"),
                    SetAt = table.Column<long>(type: "bigint", nullable: false),
                    SetBy = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false, collation: "C"),
                    IsCurrent = table.Column<bool>(type: "boolean", nullable: false),
                    LeftAt = table.Column<long>(type: "bigint", nullable: true)
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
                    TenantId = table.Column<Guid>(type: "uuid", nullable: false),
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    AccountId = table.Column<Guid>(type: "uuid", nullable: false),
                    Secret = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    LastFour = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: false, collation: "C"),
                    AddedAt = table.Column<long>(type: "bigint", nullable: false),
                    AddedBy = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false, collation: "C"),
                    EndsAt = table.Column<long>(type: "bigint", nullable: true)
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
                filter: "\"IsCurrent\"");

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
