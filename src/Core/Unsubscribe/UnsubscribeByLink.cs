using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Unsubscribe;

/// <summary>What the page behind a link says.</summary>
/// <param name="TenantName">Who will not write any more.</param>
/// <param name="Done">True once the address is on the tenant's list.</param>
/// <param name="Gone">The tenant is not here any more, and so is whatever it knew of the address.</param>
public sealed record UnsubscribeView(string TenantName, bool Done, bool Gone = false);

/// <summary>One click, no account, no cookie; works when campaign and contact are long gone.</summary>
public sealed class UnsubscribeByLink(PortalDb db, IIds ids)
{
    /// <summary>Changes nothing: mail scanners open every link.</summary>
    /// <returns>Null when nobody knows the token.</returns>
    public async Task<UnsubscribeView?> LookAsync(string token, CancellationToken cancellation)
    {
        if (await UnsubscribeLinks.FindAsync(db, token, cancellation) is not { } who)
        {
            return null;
        }

        await using var context = db.Read(TenantScope.For(who.TenantId));
        var erased = await ErasedPeople.IsGoneAsync(context, who.TenantId, who.NormalizedEmail, cancellation);
        return await context
                .Tenants.Living()
                .Where(tenant => tenant.Id == who.TenantId)
                .Select(tenant => new UnsubscribeView(
                    tenant.Name,
                    erased || context.SuppressedAddresses.Any(row => row.NormalizedEmail == who.NormalizedEmail),
                    false
                ))
                .SingleOrDefaultAsync(cancellation)
            // The token is one of ours: nobody else could have made it.
            ?? new UnsubscribeView("", Done: true, Gone: true);
    }

    /// <returns>False when nobody knows the token; again and again does no harm.</returns>
    public async Task<bool> ExecuteAsync(string token, string? from, CancellationToken cancellation)
    {
        // Also a link of a tenant that is gone: there is nobody left whom it could keep from writing.
        if (
            await LookAsync(token, cancellation) is null or { Gone: true }
            || await UnsubscribeLinks.FindAsync(db, token, cancellation) is not { } link
        )
        {
            return false;
        }

        await db.WriteAsync(
            TenantScope.For(link.TenantId),
            async (context, inner) =>
            {
                var now = db.Time.GetUtcNow();
                var hashes = await AddressHashes.OfAsync(context, inner);
                if (
                    await Suppress.AddAsync(
                        context,
                        link.TenantId,
                        link.NormalizedEmail,
                        SuppressionReason.Unsubscribed,
                        "By the link in a mail",
                        now,
                        ids,
                        inner
                    )
                )
                {
                    await AuditLog.AppendAsync(
                        context,
                        link.TenantId,
                        new Actor(ActorKind.Recipient, null, link.NormalizedEmail, from),
                        now,
                        "contact.unsubscribed",
                        "address",
                        hashes.Of(link.TenantId, link.NormalizedEmail),
                        link.NormalizedEmail,
                        null,
                        inner
                    );
                }
            },
            cancellation
        );
        return true;
    }
}
