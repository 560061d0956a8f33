using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class EventsInBatches : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_WebhookMessages_AppliedAt_ReceivedAt",
                table: "WebhookMessages");

            migrationBuilder.DropIndex(
                name: "IX_WebhookMessages_WaitsForEmailId",
                table: "WebhookMessages");

            migrationBuilder.DropIndex(
                name: "IX_Recipients_Clicked",
                table: "Recipients");

            migrationBuilder.DropIndex(
                name: "IX_Recipients_Opened",
                table: "Recipients");

            migrationBuilder.AddColumn<Guid>(
                name: "CampaignId",
                table: "WebhookMessages",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "NotBefore",
                table: "WebhookMessages",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<int>(
                name: "RecipientNumber",
                table: "WebhookMessages",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "State",
                table: "WebhookMessages",
                type: "TEXT",
                maxLength: 32,
                nullable: false,
                defaultValue: "Waiting");

            migrationBuilder.AddColumn<Guid>(
                name: "TenantId",
                table: "WebhookMessages",
                type: "TEXT",
                nullable: false,
                defaultValue: new Guid("00000000-0000-0000-0000-000000000000"));

            migrationBuilder.AddColumn<string>(
                name: "Type",
                table: "WebhookMessages",
                type: "TEXT",
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "ReportedAt",
                table: "SuppressedAddresses",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(name: "Bounce", table: "Recipients", type: "INTEGER", nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "ClickedByPersonAt",
                table: "Recipients",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "MachineClicks",
                table: "Recipients",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "MachineOpens",
                table: "Recipients",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "OpenedByPersonAt",
                table: "Recipients",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Machine",
                table: "RecipientEvents",
                type: "TEXT",
                maxLength: 64,
                nullable: true);

            migrationBuilder.Sql(
                """
                UPDATE "WebhookMessages" SET "State" = CASE
                    WHEN "AppliedAt" IS NULL THEN 'Waiting'
                    WHEN "Note" IS NULL THEN 'Applied'
                    WHEN "Note" = 'It could not be applied.' THEN 'SetAside'
                    ELSE 'Ignored' END;
                """);

            // What was opened before machines were told apart counts as opened by a person.
            migrationBuilder.Sql(
                """
                UPDATE "Recipients" SET "OpenedByPersonAt" = "OpenedAt", "ClickedByPersonAt" = "ClickedAt"
                WHERE "OpenedAt" IS NOT NULL OR "ClickedAt" IS NOT NULL;
                """);

            migrationBuilder.CreateIndex(
                name: "IX_WebhookMessages_NotApplied",
                table: "WebhookMessages",
                columns: new[] { "TenantId", "State", "ReceivedAt", "MessageId" },
                filter: "\"State\" <> 'Applied'");

            migrationBuilder.CreateIndex(
                name: "IX_WebhookMessages_NotBefore",
                table: "WebhookMessages",
                column: "NotBefore",
                filter: "\"State\" = 'Waiting'");

            migrationBuilder.CreateIndex(
                name: "IX_WebhookMessages_TenantId_ReceivedAt_MessageId",
                table: "WebhookMessages",
                columns: new[] { "TenantId", "ReceivedAt", "MessageId" });

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_Clicked",
                table: "Recipients",
                columns: new[] { "TenantId", "CampaignId", "ClickedByPersonAt" },
                filter: "\"ClickedAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_Opened",
                table: "Recipients",
                columns: new[] { "TenantId", "CampaignId", "OpenedByPersonAt" },
                filter: "\"OpenedAt\" IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_WebhookMessages_NotApplied",
                table: "WebhookMessages");

            migrationBuilder.DropIndex(
                name: "IX_WebhookMessages_NotBefore",
                table: "WebhookMessages");

            migrationBuilder.DropIndex(
                name: "IX_WebhookMessages_TenantId_ReceivedAt_MessageId",
                table: "WebhookMessages");

            migrationBuilder.DropIndex(
                name: "IX_Recipients_Clicked",
                table: "Recipients");

            migrationBuilder.DropIndex(
                name: "IX_Recipients_Opened",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "CampaignId",
                table: "WebhookMessages");

            migrationBuilder.DropColumn(
                name: "NotBefore",
                table: "WebhookMessages");

            migrationBuilder.DropColumn(
                name: "RecipientNumber",
                table: "WebhookMessages");

            migrationBuilder.DropColumn(
                name: "State",
                table: "WebhookMessages");

            migrationBuilder.DropColumn(
                name: "TenantId",
                table: "WebhookMessages");

            migrationBuilder.DropColumn(
                name: "Type",
                table: "WebhookMessages");

            migrationBuilder.DropColumn(
                name: "ReportedAt",
                table: "SuppressedAddresses");

            migrationBuilder.DropColumn(
                name: "Bounce",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "ClickedByPersonAt",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "MachineClicks",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "MachineOpens",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "OpenedByPersonAt",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "Machine",
                table: "RecipientEvents");

            migrationBuilder.CreateIndex(
                name: "IX_WebhookMessages_AppliedAt_ReceivedAt",
                table: "WebhookMessages",
                columns: new[] { "AppliedAt", "ReceivedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_WebhookMessages_WaitsForEmailId",
                table: "WebhookMessages",
                column: "WaitsForEmailId");

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
        }
    }
}
