using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class TransactionalMail : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Campaigns_Status",
                table: "Campaigns");

            migrationBuilder.DropIndex(
                name: "IX_Campaigns_TenantId_CreatedAt",
                table: "Campaigns");

            migrationBuilder.AddColumn<int>(
                name: "Kind",
                table: "Campaigns",
                type: "INTEGER",
                maxLength: 32,
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<string>(
                name: "MailedTo",
                table: "Campaigns",
                type: "TEXT",
                maxLength: 320,
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_Campaigns_Composed",
                table: "Campaigns",
                columns: new[] { "TenantId", "Id" },
                filter: "\"Kind\" = 0");

            migrationBuilder.CreateIndex(
                name: "IX_Campaigns_Status_Kind_TenantId_CreatedAt_Id",
                table: "Campaigns",
                columns: new[] { "Status", "Kind", "TenantId", "CreatedAt", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_Campaigns_TenantId_Kind_CreatedAt_Id",
                table: "Campaigns",
                columns: new[] { "TenantId", "Kind", "CreatedAt", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_Campaigns_TenantId_MailedTo_CreatedAt_Id",
                table: "Campaigns",
                columns: new[] { "TenantId", "MailedTo", "CreatedAt", "Id" },
                filter: "\"MailedTo\" IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Campaigns_Composed",
                table: "Campaigns");

            migrationBuilder.DropIndex(
                name: "IX_Campaigns_Status_Kind_TenantId_CreatedAt_Id",
                table: "Campaigns");

            migrationBuilder.DropIndex(
                name: "IX_Campaigns_TenantId_Kind_CreatedAt_Id",
                table: "Campaigns");

            migrationBuilder.DropIndex(
                name: "IX_Campaigns_TenantId_MailedTo_CreatedAt_Id",
                table: "Campaigns");

            migrationBuilder.DropColumn(
                name: "Kind",
                table: "Campaigns");

            migrationBuilder.DropColumn(
                name: "MailedTo",
                table: "Campaigns");

            migrationBuilder.CreateIndex(
                name: "IX_Campaigns_Status",
                table: "Campaigns",
                column: "Status");

            migrationBuilder.CreateIndex(
                name: "IX_Campaigns_TenantId_CreatedAt",
                table: "Campaigns",
                columns: new[] { "TenantId", "CreatedAt" });
        }
    }
}
