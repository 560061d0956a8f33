using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Templates;

/// <summary>
/// Subject and content to begin campaigns with. A campaign takes a copy, so that neither a change nor a deletion here
/// reaches any campaign.
/// </summary>
public sealed class Template : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid Id { get; init; }

    /// <summary>Unique within the tenant.</summary>
    public required string Name { get; set; }

    public required string Subject { get; set; }

    /// <summary>HTML with merge fields (Handlebars).</summary>
    public required string Html { get; set; }

    /// <summary>The plain-text part, with merge fields; null where it is made from the HTML.</summary>
    public string? Text { get; set; }

    /// <summary>1 for a new one, raised by each change; a change that names an older one is refused.</summary>
    public required int Version { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; set; }
}

internal sealed class TemplateConfiguration : IEntityTypeConfiguration<Template>
{
    public void Configure(EntityTypeBuilder<Template> builder)
    {
        builder.HasKey(template => new { template.TenantId, template.Id });
        builder.Property(template => template.Name).HasMaxLength(TemplateInput.MaxNameLength);
        builder.Property(template => template.Subject).HasMaxLength(500);
        builder.HasIndex(template => new { template.TenantId, template.Name }).IsUnique();
        builder.HasOne<Tenant>().WithMany().HasForeignKey(template => template.TenantId);
    }
}
