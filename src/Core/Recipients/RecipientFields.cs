using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Recipients;

/// <summary>
/// A recipient's own fields as they were at the freeze, only where the content has any. A table of its own: a ledger
/// without them costs nothing, and SQLite's planner takes a wider ledger row for a reason to walk through whole ledgers.
/// </summary>
public sealed class RecipientFields : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid CampaignId { get; init; }
    public required int RecipientNumber { get; init; }

    /// <summary>In <see cref="Contact.Fields"/>'s form.</summary>
    public required string Fields { get; init; }
}

internal sealed class RecipientFieldsConfiguration : IEntityTypeConfiguration<RecipientFields>
{
    public void Configure(EntityTypeBuilder<RecipientFields> builder)
    {
        builder.HasKey(row => new
        {
            row.TenantId,
            row.CampaignId,
            row.RecipientNumber,
        });
        builder
            .HasOne<Recipient>()
            .WithOne()
            .HasForeignKey<RecipientFields>(row => new
            {
                row.TenantId,
                row.CampaignId,
                row.RecipientNumber,
            });
    }
}
