using Ledgerpost.Data;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Campaigns;

/// <summary>One launch or resume of a campaign.</summary>
public sealed class Run : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid CampaignId { get; init; }
    public required int Number { get; init; }
    public required RunKind Kind { get; init; }

    /// <summary>A run never changes its account.</summary>
    public required Guid AccountId { get; init; }

    public required string StartedBy { get; init; }
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>How many recipients were planned into its chunks.</summary>
    public int Planned { get; set; }
}

public enum RunKind
{
    Launch,
    Resume,
}

internal sealed class RunConfiguration : IEntityTypeConfiguration<Run>
{
    public void Configure(EntityTypeBuilder<Run> builder)
    {
        builder.HasKey(run => new
        {
            run.TenantId,
            run.CampaignId,
            run.Number,
        });
        builder.Property(run => run.Number).ValueGeneratedNever();
        builder.HasOne<Campaign>().WithMany().HasForeignKey(run => new { run.TenantId, run.CampaignId });
        builder.HasOne<ProviderAccount>().WithMany().HasForeignKey(run => run.AccountId);
    }
}
