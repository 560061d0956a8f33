using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Invitations : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Role",
                table: "SetUpLinks",
                type: "TEXT",
                maxLength: 32,
                nullable: true);

            // The column with its foreign key in one statement: as two operations the table would be rebuilt, and that
            // cannot run in the migration's transaction.
            migrationBuilder.Sql(
                "ALTER TABLE \"SetUpLinks\" ADD COLUMN \"TenantId\" TEXT NULL "
                    + "CONSTRAINT \"FK_SetUpLinks_Tenants_TenantId\" REFERENCES \"Tenants\" (\"Id\") ON DELETE CASCADE;");

            migrationBuilder.CreateIndex(
                name: "IX_SetUpLinks_TenantId",
                table: "SetUpLinks",
                column: "TenantId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey(
                name: "FK_SetUpLinks_Tenants_TenantId",
                table: "SetUpLinks");

            migrationBuilder.DropIndex(
                name: "IX_SetUpLinks_TenantId",
                table: "SetUpLinks");

            migrationBuilder.DropColumn(
                name: "Role",
                table: "SetUpLinks");

            migrationBuilder.DropColumn(
                name: "TenantId",
                table: "SetUpLinks");
        }
    }
}
