using Ledgerpost.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>Identity's store on a context of its own, so that no page can take that context for its queries.</summary>
public sealed class PortalUserStore(PortalDbContext context, IdentityErrorDescriber? describer = null)
    : UserOnlyStore<PortalUser, PortalDbContext, Guid>(context, describer),
        IAsyncDisposable,
        IDisposable
{
    public PortalUserStore(PortalDb db)
        : this(db.CreateForIdentity()) { }

    public ValueTask DisposeAsync() => Context.DisposeAsync();

    void IDisposable.Dispose()
    {
        Context.Dispose();
        Dispose();
    }
}
