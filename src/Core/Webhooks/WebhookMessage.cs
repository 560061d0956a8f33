using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Webhooks;

/// <summary>An event of the provider as it came in: durable before it is answered, applied afterwards.</summary>
public sealed class WebhookMessage
{
    /// <summary>Whose secret verified it: it can touch only mail of this account.</summary>
    public required Guid AccountId { get; init; }

    /// <summary>The provider's <c>svix-id</c>, constant over its retries.</summary>
    public required string MessageId { get; init; }

    public required string Body { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>Null while it waits: to be applied, or for the recipient whose provider id it names.</summary>
    public DateTimeOffset? AppliedAt { get; set; }

    /// <summary>The provider's id that it waits for; null once applied, and before it was tried.</summary>
    public string? WaitsForEmailId { get; set; }

    /// <summary>Why it changed nothing, where it did not.</summary>
    public string? Note { get; set; }
}

internal sealed class WebhookMessageConfiguration : IEntityTypeConfiguration<WebhookMessage>
{
    public void Configure(EntityTypeBuilder<WebhookMessage> builder)
    {
        builder.HasKey(message => new { message.AccountId, message.MessageId });
        builder.Property(message => message.MessageId).HasMaxLength(128);
        builder.Property(message => message.WaitsForEmailId).HasMaxLength(64);
        builder.HasIndex(message => new { message.AppliedAt, message.ReceivedAt });
        builder.HasIndex(message => message.WaitsForEmailId);
        builder.HasOne<ProviderAccount>().WithMany().HasForeignKey(message => message.AccountId);
    }
}
