using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.PostgreSql
{
    /// <inheritdoc />
    public partial class NamedSegments : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "SegmentContacts",
                columns: table => new
                {
                    TenantId = table.Column<Guid>(type: "uuid", nullable: false),
                    SegmentId = table.Column<Guid>(type: "uuid", nullable: false),
                    ContactId = table.Column<Guid>(type: "uuid", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_SegmentContacts", x => new { x.TenantId, x.SegmentId, x.ContactId });
                    table.ForeignKey(
                        name: "FK_SegmentContacts_Contacts_TenantId_ContactId",
                        columns: x => new { x.TenantId, x.ContactId },
                        principalTable: "Contacts",
                        principalColumns: new[] { "TenantId", "Id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_SegmentContacts_Segments_TenantId_SegmentId",
                        columns: x => new { x.TenantId, x.SegmentId },
                        principalTable: "Segments",
                        principalColumns: new[] { "TenantId", "Id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_SegmentContacts_TenantId_ContactId",
                table: "SegmentContacts",
                columns: new[] { "TenantId", "ContactId" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "SegmentContacts");
        }
    }
}
