using Ledgerpost.Tenancy;

namespace AdminPortal.Tenancy;

/// <summary>The tenant of this page and the person in it; cascaded to every page under <c>/t/{slug}</c>.</summary>
/// <param name="TimeZone">IANA name.</param>
/// <param name="Role">What the page may offer; each command asks the database again.</param>
/// <param name="Caller">Who acts, for every command of the page.</param>
public sealed record TenantSession(
    Guid TenantId,
    string Slug,
    string Name,
    string TimeZone,
    TenantRole Role,
    Caller Caller,
    bool RequiresSecondFactor = false,
    bool MailsAnchors = false
)
{
    public bool Can(TenantRole atLeast) => Role >= atLeast;
}
