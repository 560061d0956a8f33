using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Senders;

/// <summary>
/// A tenant's own account at the provider: what its calls are made with. The account itself, with its pace and its failures,
/// is a <see cref="ProviderAccount"/> like the installation's.
/// </summary>
public sealed class OwnAccount : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid AccountId { get; init; }

    /// <summary>Encrypted (<see cref="ProviderSecrets"/>); null once nothing can need it any more.</summary>
    public string? ApiKey { get; set; }

    /// <summary>All that is ever shown of the key.</summary>
    public required string LastFour { get; set; }

    public required DateTimeOffset SetAt { get; set; }
    public required string SetBy { get; set; }

    /// <summary>New domains are registered there; of one tenant at most one row.</summary>
    public bool IsCurrent { get; set; }

    /// <summary>Since when nothing begins there any more: what is in doubt is repeated until its window ends.</summary>
    public DateTimeOffset? LeftAt { get; set; }
}

/// <summary>A secret that may have signed events of a tenant's own account. Several hold side by side.</summary>
public sealed class OwnWebhookSecret : ITenantOwned
{
    /// <summary>Of an account that was left: longer than the provider goes on telling.</summary>
    public static readonly TimeSpan AfterLeaving = TimeSpan.FromDays(7);

    public required Guid TenantId { get; init; }
    public required Guid Id { get; init; }
    public required Guid AccountId { get; init; }

    /// <summary>Encrypted (<see cref="ProviderSecrets"/>).</summary>
    public required string Secret { get; init; }

    public required string LastFour { get; init; }
    public required DateTimeOffset AddedAt { get; init; }
    public required string AddedBy { get; init; }

    /// <summary>From then on it verifies nothing; null while nobody has taken it away.</summary>
    public DateTimeOffset? EndsAt { get; set; }
}

internal sealed class OwnAccountConfiguration : IEntityTypeConfiguration<OwnAccount>
{
    public void Configure(EntityTypeBuilder<OwnAccount> builder)
    {
        builder.HasKey(account => new { account.TenantId, account.AccountId });
        builder.Property(account => account.LastFour).HasMaxLength(4);
        builder.Property(account => account.SetBy).HasMaxLength(200);
        builder.HasIndex(account => account.TenantId).IsUnique().HasFilter("\"IsCurrent\" = 1");
        builder.HasOne<Tenant>().WithMany().HasForeignKey(account => account.TenantId);
        builder.HasOne<ProviderAccount>().WithMany().HasForeignKey(account => account.AccountId);
    }
}

internal sealed class OwnWebhookSecretConfiguration : IEntityTypeConfiguration<OwnWebhookSecret>
{
    public void Configure(EntityTypeBuilder<OwnWebhookSecret> builder)
    {
        builder.HasKey(secret => new { secret.TenantId, secret.Id });
        builder.Property(secret => secret.LastFour).HasMaxLength(4);
        builder.Property(secret => secret.AddedBy).HasMaxLength(200);
        builder
            .HasOne<OwnAccount>()
            .WithMany()
            .HasForeignKey(secret => new { secret.TenantId, secret.AccountId })
            .OnDelete(DeleteBehavior.Cascade);
    }
}
