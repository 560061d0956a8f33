using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Contacts;

/// <summary>
/// A person whom the tenant may mail. Whether they may be mailed now is not kept here but in the suppression list, by
/// address, so that deleting and adding a contact again changes nothing.
/// </summary>
public sealed class Contact : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid Id { get; init; }

    /// <summary>As typed, trimmed; what the mail is addressed to.</summary>
    public required string Email { get; set; }

    /// <summary><see cref="EmailAddress"/>'s form for comparison; unique within the tenant.</summary>
    public required string NormalizedEmail { get; set; }

    public string? FirstName { get; set; }
    public string? LastName { get; set; }

    /// <summary>JSON, as <see cref="ContactFields"/> writes it; null for none.</summary>
    public string? Fields { get; set; }

    /// <summary>
    /// What a search looks through: address and names in <see cref="SearchText"/>'s form. Computed, so that nobody has
    /// to remember it; the setter only lets EF Core read a row.
    /// </summary>
    public string Search
    {
        get => SearchText.Of(NormalizedEmail, FirstName, LastName);
        private set => _ = value;
    }

    /// <summary>The last import that named this contact, and its line there: the same address again is a duplicate.</summary>
    public Guid? ImportId { get; set; }

    public int? ImportLine { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; set; }
    public List<ContactTag> Tags { get; init; } = [];

    /// <param name="tag">In <see cref="Tag"/>'s form.</param>
    internal ContactTag TagRow(string tag) =>
        new()
        {
            TenantId = TenantId,
            ContactId = Id,
            Tag = tag,
        };
}

/// <summary>Lower-case, trimmed, at most 64 characters.</summary>
public sealed class ContactTag : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid ContactId { get; init; }
    public required string Tag { get; init; }
}

internal sealed class ContactConfiguration : IEntityTypeConfiguration<Contact>
{
    public void Configure(EntityTypeBuilder<Contact> builder)
    {
        builder.HasKey(contact => new { contact.TenantId, contact.Id });
        builder.Property(contact => contact.Email).HasMaxLength(320);
        builder.Property(contact => contact.NormalizedEmail).HasMaxLength(320);
        builder.Property(contact => contact.FirstName).HasMaxLength(200);
        builder.Property(contact => contact.LastName).HasMaxLength(200);
        builder.Property(contact => contact.Search).UsePropertyAccessMode(PropertyAccessMode.Property);
        builder.HasIndex(contact => new { contact.TenantId, contact.NormalizedEmail }).IsUnique();
        // Covers a search: it reads this index from end to end, and the table only for what was found.
        builder.HasIndex(contact => new
        {
            contact.TenantId,
            contact.Search,
            contact.Id,
        });
        builder.HasIndex(contact => new
        {
            contact.TenantId,
            contact.CreatedAt,
            contact.Id,
        });
        // To list the names of own fields without looking through everybody who has none.
        builder
            .HasIndex(
                contact => new
                {
                    contact.TenantId,
                    contact.CreatedAt,
                    contact.Id,
                },
                "IX_Contacts_WithFields"
            )
            .HasFilter("\"Fields\" IS NOT NULL");
        builder.HasOne<Tenant>().WithMany().HasForeignKey(contact => contact.TenantId);
    }
}

internal sealed class ContactTagConfiguration : IEntityTypeConfiguration<ContactTag>
{
    public void Configure(EntityTypeBuilder<ContactTag> builder)
    {
        builder.HasKey(tag => new
        {
            tag.TenantId,
            tag.ContactId,
            tag.Tag,
        });
        builder.Property(tag => tag.Tag).HasMaxLength(64);
        builder.HasIndex(tag => new
        {
            tag.TenantId,
            tag.Tag,
            tag.ContactId,
        });
        builder
            .HasOne<Contact>()
            .WithMany(contact => contact.Tags)
            .HasForeignKey(tag => new { tag.TenantId, tag.ContactId })
            .OnDelete(DeleteBehavior.Cascade);
    }
}
