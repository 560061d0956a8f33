using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class ContactSearchAndImportProgress : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Contacts_TenantId_CreatedAt",
                table: "Contacts");

            migrationBuilder.AddColumn<string>(
                name: "Region",
                table: "SendingDomains",
                type: "TEXT",
                nullable: false,
                defaultValue: "us-east-1");

            migrationBuilder.AddColumn<Guid>(
                name: "ImportId",
                table: "Contacts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "ImportLine",
                table: "Contacts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Search",
                table: "Contacts",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<int>(
                name: "FileLines",
                table: "ContactImports",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "Position",
                table: "ContactImports",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "Size",
                table: "ContactImports",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.CreateIndex(
                name: "IX_Contacts_TenantId_CreatedAt_Id",
                table: "Contacts",
                columns: new[] { "TenantId", "CreatedAt", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_Contacts_TenantId_Search_Id",
                table: "Contacts",
                columns: new[] { "TenantId", "Search", "Id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Contacts_TenantId_CreatedAt_Id",
                table: "Contacts");

            migrationBuilder.DropIndex(
                name: "IX_Contacts_TenantId_Search_Id",
                table: "Contacts");

            migrationBuilder.DropColumn(
                name: "Region",
                table: "SendingDomains");

            migrationBuilder.DropColumn(
                name: "ImportId",
                table: "Contacts");

            migrationBuilder.DropColumn(
                name: "ImportLine",
                table: "Contacts");

            migrationBuilder.DropColumn(
                name: "Search",
                table: "Contacts");

            migrationBuilder.DropColumn(
                name: "FileLines",
                table: "ContactImports");

            migrationBuilder.DropColumn(
                name: "Position",
                table: "ContactImports");

            migrationBuilder.DropColumn(
                name: "Size",
                table: "ContactImports");

            migrationBuilder.CreateIndex(
                name: "IX_Contacts_TenantId_CreatedAt",
                table: "Contacts",
                columns: new[] { "TenantId", "CreatedAt" });
        }
    }
}
