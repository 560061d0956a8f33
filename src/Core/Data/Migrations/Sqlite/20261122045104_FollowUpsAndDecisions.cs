using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledgerpost.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class FollowUpsAndDecisions : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "AssumedBy",
                table: "Recipients",
                type: "TEXT",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "FailedChunk",
                table: "Recipients",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "MovedToId",
                table: "Recipients",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "DecidedAt",
                table: "Chunks",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "DecidedBy",
                table: "Chunks",
                type: "TEXT",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Decision",
                table: "Chunks",
                type: "TEXT",
                maxLength: 32,
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "ContinuedById",
                table: "Campaigns",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "ContinuesId",
                table: "Campaigns",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "LineageId",
                table: "Campaigns",
                type: "TEXT",
                nullable: false,
                defaultValue: new Guid("00000000-0000-0000-0000-000000000000"));

            migrationBuilder.AddColumn<int>(
                name: "LineagePlace",
                table: "Campaigns",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            // What was there before is a lineage by itself.
            migrationBuilder.Sql("UPDATE \"Campaigns\" SET \"LineageId\" = \"Id\";");

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_Assumed",
                table: "Recipients",
                columns: new[] { "TenantId", "CampaignId" },
                filter: "\"AssumedBy\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_TenantId_MovedToId",
                table: "Recipients",
                columns: new[] { "TenantId", "MovedToId" },
                filter: "\"MovedToId\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Campaigns_TenantId_ContinuesId",
                table: "Campaigns",
                columns: new[] { "TenantId", "ContinuesId" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Campaigns_TenantId_LineageId_LineagePlace",
                table: "Campaigns",
                columns: new[] { "TenantId", "LineageId", "LineagePlace" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Recipients_Assumed",
                table: "Recipients");

            migrationBuilder.DropIndex(
                name: "IX_Recipients_TenantId_MovedToId",
                table: "Recipients");

            migrationBuilder.DropIndex(
                name: "IX_Campaigns_TenantId_ContinuesId",
                table: "Campaigns");

            migrationBuilder.DropIndex(
                name: "IX_Campaigns_TenantId_LineageId_LineagePlace",
                table: "Campaigns");

            migrationBuilder.DropColumn(
                name: "AssumedBy",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "FailedChunk",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "MovedToId",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "DecidedAt",
                table: "Chunks");

            migrationBuilder.DropColumn(
                name: "DecidedBy",
                table: "Chunks");

            migrationBuilder.DropColumn(
                name: "Decision",
                table: "Chunks");

            migrationBuilder.DropColumn(
                name: "ContinuedById",
                table: "Campaigns");

            migrationBuilder.DropColumn(
                name: "ContinuesId",
                table: "Campaigns");

            migrationBuilder.DropColumn(
                name: "LineageId",
                table: "Campaigns");

            migrationBuilder.DropColumn(
                name: "LineagePlace",
                table: "Campaigns");
        }
    }
}
