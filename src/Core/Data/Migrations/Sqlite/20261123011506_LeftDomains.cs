using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class LeftDomains : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<Guid>(
                name: "LeftAccountId",
                table: "SendingDomains",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "LeftDomainId",
                table: "SendingDomains",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "DomainId",
                table: "EventDeliveries",
                type: "TEXT",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "LeftAccountId",
                table: "SendingDomains");

            migrationBuilder.DropColumn(
                name: "LeftDomainId",
                table: "SendingDomains");

            migrationBuilder.DropColumn(
                name: "DomainId",
                table: "EventDeliveries");
        }
    }
}
