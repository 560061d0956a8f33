using Ledgerpost.Audit;
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

    /// <summary>The longest that WebAuthn allows, in bytes.</summary>
    internal const int LongestId = 1023;

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
            (_, passkey, _) =>
            {
                var before = passkey.Data.Name;
                passkey.Data.Name = Named(name);
                return Task.FromResult<object>(
                    new { before = new { name = before }, after = new { name = passkey.Data.Name } }
                );
            },
            cancellation
        );

    /// <summary>With what it opened and showed: see <see cref="ForgetShownAsync"/>.</summary>
    /// <returns>False when it is not there, or not this person's.</returns>
    /// <exception cref="AccessDeniedException">The session is over.</exception>
    public Task<bool> RemoveAsync(Actor actor, byte[] credentialId, CancellationToken cancellation) =>
        ChangeAsync(
            actor,
            credentialId,
            "account.passkey_removed",
            async (account, passkey, token) =>
            {
                account.Db.Set<IdentityUserPasskey<Guid>>().Remove(passkey);
                await account.Db.SaveChangesAsync(token);
                await ForgetShownAsync(account, actor, passkey.UserId, token);
                return new { passkey = passkey.Data.Name };
            },
            cancellation
        );

    /// <summary>
    /// Which passkey opened a session is not kept, so that all of them end but the one that the person acts in. And whoever
    /// had shown one by adding it has shown nothing any more, but for who acts while the account still has something.
    /// </summary>
    private static async Task ForgetShownAsync(
        AccountWork account,
        Actor actor,
        Guid userId,
        CancellationToken cancellation
    )
    {
        await account
            .Db.Sessions.Where(row =>
                row.UserId == userId
                && row.Method == SignInMethod.Passkey
                && row.EndedAt == null
                && row.Id != actor.SessionId
            )
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(row => row.EndedAt, account.Now)
                        .SetProperty(row => row.EndedBy, SessionEnd.Revoked),
                cancellation
            );
        var kept = await SecondFactors.HasOneAsync(account.Db, userId, cancellation) ? actor.SessionId : null;
        await account
            .Db.Sessions.Where(row =>
                row.UserId == userId
                && row.Method != SignInMethod.Authenticator
                && row.Method != SignInMethod.RecoveryCode
                && row.Id != kept
            )
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.SecondFactor, false), cancellation);
    }

    /// <summary>
    /// An answer that proves nothing, for the history and the logs of whose passkey it names. It closes no account: no
    /// signature is guessed, and whoever knows a passkey's name could keep its person out.
    /// </summary>
    /// <param name="credentialId">As it was said; null where nothing was.</param>
    public async Task FailedAsync(byte[]? credentialId, Origin origin, CancellationToken cancellation)
    {
        var known =
            credentialId is { Length: > 0 and <= LongestId }
            && await portal.AccountAsync(
                async (account, token) =>
                {
                    var user = await account
                        .Db.Set<IdentityUserPasskey<Guid>>()
                        .Where(row => row.CredentialId == credentialId)
                        .Join(account.Db.Users, row => row.UserId, user => user.Id, (row, user) => user)
                        .SingleOrDefaultAsync(token);
                    if (user is not null)
                    {
                        await LockOut.NoteAsync(account, user, origin, token);
                    }

                    return user is not null;
                },
                cancellation
            );
        if (!known)
        {
            await portal.Tally.NoteAsync(Happening.SignInOfNobody("a passkey", origin.From));
        }
    }

    private Task<bool> ChangeAsync(
        Actor actor,
        byte[] credentialId,
        string action,
        Func<AccountWork, IdentityUserPasskey<Guid>, CancellationToken, Task<object>> change,
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

                var details = await change(account, passkey, token);
                await account.AuditAsync(user, action, actor.From, details, token);
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
        builder.Property(passkey => passkey.CredentialId).HasMaxLength(Passkeys.LongestId);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(passkey => passkey.UserId);
        builder.OwnsOne(passkey => passkey.Data, data => data.ToJson());
    }
}
