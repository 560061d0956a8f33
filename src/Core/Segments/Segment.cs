using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Segments;

/// <summary>
/// A named part of the contacts: computed from their tags each time it is used, or of those who were put into it one by one.
/// </summary>
public sealed class Segment : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid Id { get; init; }
    public required string Name { get; set; }
    public required SegmentMatch Match { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The rule; empty for <see cref="SegmentMatch.Named"/>.</summary>
    public List<SegmentTag> Tags { get; init; } = [];

    internal SegmentTag TagRow(string tag) =>
        new()
        {
            TenantId = TenantId,
            SegmentId = Id,
            Tag = tag,
        };
}

public enum SegmentMatch
{
    /// <summary>Contacts with at least one of the tags.</summary>
    Any,

    /// <summary>Contacts with every one of the tags.</summary>
    All,

    /// <summary>No rule: contacts that were put into it (<see cref="AddToSegment"/>). A segment is so for good, or never.</summary>
    Named,
}

/// <summary>A contact of a segment without a rule; goes with either of them.</summary>
public sealed class SegmentContact : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid SegmentId { get; init; }
    public required Guid ContactId { get; init; }
}

public sealed class SegmentTag : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid SegmentId { get; init; }
    public required string Tag { get; init; }
}

internal sealed class SegmentConfiguration : IEntityTypeConfiguration<Segment>
{
    public void Configure(EntityTypeBuilder<Segment> builder)
    {
        builder.HasKey(segment => new { segment.TenantId, segment.Id });
        builder.Property(segment => segment.Name).HasMaxLength(100);
        builder.HasIndex(segment => new { segment.TenantId, segment.Name }).IsUnique();
        builder.HasOne<Tenant>().WithMany().HasForeignKey(segment => segment.TenantId);
    }
}

internal sealed class SegmentTagConfiguration : IEntityTypeConfiguration<SegmentTag>
{
    public void Configure(EntityTypeBuilder<SegmentTag> builder)
    {
        builder.HasKey(tag => new
        {
            tag.TenantId,
            tag.SegmentId,
            tag.Tag,
        });
        builder.Property(tag => tag.Tag).HasMaxLength(64);
        builder
            .HasOne<Segment>()
            .WithMany(segment => segment.Tags)
            .HasForeignKey(tag => new { tag.TenantId, tag.SegmentId })
            .OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class SegmentContactConfiguration : IEntityTypeConfiguration<SegmentContact>
{
    public void Configure(EntityTypeBuilder<SegmentContact> builder)
    {
        builder.HasKey(member => new
        {
            member.TenantId,
            member.SegmentId,
            member.ContactId,
        });
        builder
            .HasOne<Segment>()
            .WithMany()
            .HasForeignKey(member => new { member.TenantId, member.SegmentId })
            .OnDelete(DeleteBehavior.Cascade);
        builder
            .HasOne<Contact>()
            .WithMany()
            .HasForeignKey(member => new { member.TenantId, member.ContactId })
            .OnDelete(DeleteBehavior.Cascade);
    }
}
