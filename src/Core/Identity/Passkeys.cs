using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Identity;

/// <summary>Identity's own entity, mapped here: by itself it keeps it only where its options come from the host.</summary>
internal sealed class PasskeyConfiguration : IEntityTypeConfiguration<IdentityUserPasskey<Guid>>
{
    public void Configure(EntityTypeBuilder<IdentityUserPasskey<Guid>> builder)
    {
        builder.ToTable("Passkeys");
        builder.HasKey(passkey => passkey.CredentialId);
        // The longest that WebAuthn allows.
        builder.Property(passkey => passkey.CredentialId).HasMaxLength(1023);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(passkey => passkey.UserId);
        builder.OwnsOne(passkey => passkey.Data, data => data.ToJson());
    }
}
