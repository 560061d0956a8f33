using Ledgerpost.Data;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Webhooks;

/// <summary>
/// An event of the provider as it came in: durable before it is answered, applied afterwards. It belongs to the tenant whose
/// mail it turned out to be about; while that is not proven, to the tenant whose own account brought it, and of the installation's
/// account to none, and then no tenant sees it.
/// </summary>
public sealed class WebhookMessage : ITenantOwned
{
    /// <summary>Of the installation's account empty until it is applied: nobody knows before whose mail it is about.</summary>
    public Guid TenantId { get; init; }

    /// <summary>Whose secret verified it: it can touch only mail of this account.</summary>
    public required Guid AccountId { get; init; }

    /// <summary>The provider's <c>svix-id</c>, constant over its retries.</summary>
    public required string MessageId { get; init; }

    public required string Body { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }
    public WebhookState State { get; init; }

    /// <summary>While it waits: not looked at before this instant.</summary>
    public DateTimeOffset NotBefore { get; init; }

    /// <summary>When it was applied, ignored or set aside; null while it waits.</summary>
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>The provider's id that it waits for; null once applied, and before it was tried.</summary>
    public string? WaitsForEmailId { get; init; }

    /// <summary>The provider's word, such as <c>email.bounced</c>; null before it was tried, and when it cannot be read.</summary>
    public string? Type { get; init; }

    /// <summary>With <see cref="RecipientNumber"/>, whose mail it was about; null where it was about none of ours.</summary>
    public Guid? CampaignId { get; init; }

    public int? RecipientNumber { get; init; }

    /// <summary>Why it changed nothing, where it did not.</summary>
    public string? Note { get; init; }
}

/// <summary>What became of an event. Only waiting ones are looked at; the others stay as they are unless a person asks.</summary>
public enum WebhookState
{
    /// <summary>To be applied, or for the recipient whose provider id it names. Entered when it comes in, and by a replay.</summary>
    Waiting,

    /// <summary>It stands in its recipient's story.</summary>
    Applied,

    /// <summary>Not about a mail of ours, or not from the account that the mail went through. It changed nothing.</summary>
    Ignored,

    /// <summary>It could not be applied, and those behind it were not held up.</summary>
    SetAside,
}

internal sealed class WebhookMessageConfiguration : IEntityTypeConfiguration<WebhookMessage>
{
    public void Configure(EntityTypeBuilder<WebhookMessage> builder)
    {
        // Not the tenant first: it comes in before anybody knows whose it is, and the provider's id is what keeps it single.
        builder.HasKey(message => new { message.AccountId, message.MessageId });
        builder.Property(message => message.MessageId).HasMaxLength(128);
        builder.Property(message => message.WaitsForEmailId).HasMaxLength(64);
        builder.Property(message => message.Type).HasMaxLength(64);
        builder.HasIndex(message => message.NotBefore).HasFilter("\"State\" = 'Waiting'");
        builder.HasIndex(message => new
        {
            message.TenantId,
            message.ReceivedAt,
            message.MessageId,
        });
        // The few that are not applied, to be found among millions that are.
        builder
            .HasIndex(
                message => new
                {
                    message.TenantId,
                    message.State,
                    message.ReceivedAt,
                    message.MessageId,
                },
                "IX_WebhookMessages_NotApplied"
            )
            .HasFilter("\"State\" <> 'Applied'");
        builder.HasOne<ProviderAccount>().WithMany().HasForeignKey(message => message.AccountId);
    }
}
