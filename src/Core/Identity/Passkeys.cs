using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Identity;

/// <summary>A passkey as its person sees it.</summary>
public sealed record PasskeyLine(byte[] CredentialId, string Name, DateTimeOffset CreatedAt);

/// <summary>A person's passkeys: added with what the browser proved, named, removed. Identity checks the proof before.</summary>
public sealed class Passkeys(PortalDb portal)
{
    public const int NameLimit = 60;

    /// <summary>So many nobody needs.</summary>
    private const int Most = 20;

    /// <summary>In the order in which they were added.</summary>
    public async Task<IReadOnlyList<PasskeyLine>> ReadAsync(Guid userId, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.None);
        var rows = await db.Set<IdentityUserPasskey<Guid>>()
            .Where(row => row.UserId == userId)
            .ToListAsync(cancellation);
        return
        [
            .. rows.Select(row => new PasskeyLine(row.CredentialId, row.Data.Name ?? "Passkey", row.Data.CreatedAt))
                .OrderBy(row => row.CreatedAt),
        ];
    }

    /// <param name="proven">What Identity made of the browser's answer.</param>
    /// <returns>False when it is there already, or the account has too many.</returns>
    /// <exception cref="AccessDeniedException">The session is over.</exception>
    public Task<bool> AddAsync(Actor actor, UserPasskeyInfo proven, string? name, CancellationToken cancellation) =>
        portal.AccountAsync(
            async (account, token) =>
            {
                var user = await account.DemandAsync(actor, token);
                await SecondFactors.DemandShownAsync(account.Db, actor, token);
                var all = account.Db.Set<IdentityUserPasskey<Guid>>();
                if (
                    await all.CountAsync(row => row.UserId == user.Id, token) >= Most
                    || await all.AnyAsync(row => row.CredentialId == proven.CredentialId, token)
                )
                {
                    return false;
                }

                var shown = Named(name);
                all.Add(
                    new IdentityUserPasskey<Guid>
                    {
                        UserId = user.Id,
                        CredentialId = proven.CredentialId,
                        Data = new IdentityPasskeyData
                        {
                            PublicKey = proven.PublicKey,
                            Name = shown,
                            CreatedAt = account.Now,
                            SignCount = proven.SignCount,
                            Transports = proven.Transports,
                            IsUserVerified = proven.IsUserVerified,
                            IsBackupEligible = proven.IsBackupEligible,
                            IsBackedUp = proven.IsBackedUp,
                            AttestationObject = proven.AttestationObject,
                            ClientDataJson = proven.ClientDataJson,
                        },
                    }
                );
                // Its device has just asked for the person, as it will at each sign-in.
                await SecondFactors.ShownAsync(account.Db, actor, token);
                await account.AuditAsync(user, "account.passkey_added", actor.From, new { passkey = shown }, token);
                return true;
            },
            cancellation
        );

    /// <summary>What its device said when it signed somebody in: its count of uses tells a copy from the original.</summary>
    /// <returns>False when it was removed meanwhile.</returns>
    public Task<bool> UsedAsync(Guid userId, UserPasskeyInfo shown, CancellationToken cancellation) =>
        portal.AccountAsync(
            async (account, token) =>
            {
                var passkey = await account
                    .Db.Set<IdentityUserPasskey<Guid>>()
                    .SingleOrDefaultAsync(row => row.CredentialId == shown.CredentialId && row.UserId == userId, token);
                if (passkey is null)
                {
                    return false;
                }

                passkey.Data.SignCount = shown.SignCount;
                passkey.Data.IsBackedUp = shown.IsBackedUp;
                passkey.Data.IsUserVerified = shown.IsUserVerified;
                return true;
            },
            cancellation
        );

    /// <returns>False when it is not there, or not this person's.</returns>
    /// <exception cref="AccessDeniedException">The session is over.</exception>
    public Task<bool> RenameAsync(Actor actor, byte[] credentialId, string name, CancellationToken cancellation) =>
        ChangeAsync(
            actor,
            credentialId,
            "account.passkey_renamed",
            (_, passkey) =>
            {
                var before = passkey.Data.Name;
                passkey.Data.Name = Named(name);
                return new { before = new { name = before }, after = new { name = passkey.Data.Name } };
            },
            cancellation
        );

    /// <returns>False when it is not there, or not this person's.</returns>
    /// <exception cref="AccessDeniedException">The session is over.</exception>
    public Task<bool> RemoveAsync(Actor actor, byte[] credentialId, CancellationToken cancellation) =>
        ChangeAsync(
            actor,
            credentialId,
            "account.passkey_removed",
            (db, passkey) =>
            {
                db.Set<IdentityUserPasskey<Guid>>().Remove(passkey);
                return new { passkey = passkey.Data.Name };
            },
            cancellation
        );

    private Task<bool> ChangeAsync(
        Actor actor,
        byte[] credentialId,
        string action,
        Func<PortalDbContext, IdentityUserPasskey<Guid>, object> change,
        CancellationToken cancellation
    ) =>
        portal.AccountAsync(
            async (account, token) =>
            {
                var user = await account.DemandAsync(actor, token);
                await SecondFactors.DemandShownAsync(account.Db, actor, token);
                var passkey = await account
                    .Db.Set<IdentityUserPasskey<Guid>>()
                    .SingleOrDefaultAsync(row => row.CredentialId == credentialId && row.UserId == user.Id, token);
                if (passkey is null)
                {
                    return false;
                }

                await account.AuditAsync(user, action, actor.From, change(account.Db, passkey), token);
                return true;
            },
            cancellation
        );

    private static string Named(string? name) =>
        PlainText.Kept((name ?? "").Trim(), NameLimit) is { Length: > 0 } kept ? kept : "Passkey";
}

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
