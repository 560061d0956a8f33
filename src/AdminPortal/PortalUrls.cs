using System.Globalization;
using System.Text;

namespace AdminPortal;

/// <summary>Every address of the portal. Pages and components link through here, so that a route changes in one place.</summary>
/// <remarks>
/// All of them are rooted (<c>/t/acme/...</c>). Values are escaped; a query value that is null or empty is left out, so
/// that the plain list has the plain address.
/// </remarks>
public static class PortalUrls
{
    public const string Home = "/";
    public const string SignIn = "/account/sign-in";
    public const string SignOut = "/account/sign-out";
    public const string LockedOut = "/account/locked-out";
    public const string AccessDenied = "/account/access-denied";
    public const string OperatorTenants = "/operator/tenants";
    public const string OperatorSending = "/operator/sending";

    /// <summary>Who runs the installation, and the keys of their programs; with the form for a new key open.</summary>
    public static string Operators(bool addingKey = false) =>
        "/operator/operators" + Query(("key", addingKey ? "new" : null));

    /// <summary>A page without a circuit: the OpenAPI document for people.</summary>
    public const string ApiReference = "/openapi";

    /// <summary>The provider's events that are no tenant's, or not yet.</summary>
    /// <param name="after">A cursor; the page begins with the next older one.</param>
    public static string OperatorEvents(string? state = null, string? after = null) =>
        "/operator/events" + Query(("state", state), ("after", after));

    /// <summary>The provider's events about this tenant's mails.</summary>
    public static string Events(string slug, string? state = null, string? after = null) =>
        Tenant(slug) + "/settings/events" + Query(("state", state), ("after", after));

    public const string Gallery = "/dev/gallery";
    public const string GalleryTables = "/dev/gallery/tables";
    public const string GalleryScript = "/dev/gallery/script";
    public const string GalleryStatic = "/dev/gallery/static";

    /// <summary>The sign-in page; <paramref name="returnUrl"/> is a local address to come back to.</summary>
    /// <param name="ended">Why the session before is over, as <see cref="Ended"/> writes it.</param>
    public static string SignInAndReturn(string? returnUrl, string? ended = null) =>
        SignIn + Query(("returnUrl", returnUrl), ("ended", ended));

    public static string Ended(Ledgerpost.Identity.SessionEnd why) => why.ToString().ToLowerInvariant();

    /// <summary>Asks for a link to choose another password.</summary>
    public const string Forgot = "/account/forgot";

    /// <summary>The link of that mail.</summary>
    public static string Reset(string token) => "/account/reset/" + Escape(token);

    /// <summary>The code after the password.</summary>
    public static string SecondStep(string? returnUrl = null) =>
        "/account/second-step" + Query(("returnUrl", returnUrl));

    /// <summary>Where somebody is led who was removed from the organisation whose page they had open.</summary>
    public const string NotAMember = "/account/not-a-member";

    /// <summary>The person's own account: how they sign in.</summary>
    /// <param name="needed">The tenant that asks for a second factor and led here.</param>
    public static string You(string? needed = null) => "/you" + Query(("needed", needed));

    // Between the browser's script (js/passkeys.js) and the server.
    public const string PasskeyQuestion = "/account/passkey/question";
    public const string PasskeySignIn = "/account/passkey";
    public const string NewPasskeyQuestion = "/you/passkeys/question";
    public const string NewPasskey = "/you/passkeys";

    /// <summary>Where the person is signed in, and who tried to be.</summary>
    public const string YourSessions = "/you/sessions";

    /// <summary>The one-time link with which the first operator sets a password.</summary>
    public static string SetUp(string token) => "/account/set-up/" + Escape(token);

    /// <summary>An invitation into a tenant; only the invited account can accept it.</summary>
    public static string Join(string token) => "/account/join/" + Escape(token);

    public static string Tenant(string slug) => "/t/" + Escape(slug);

    public static string Campaigns(string slug, string? status = null, string? q = null, int page = 1) =>
        Tenant(slug) + "/campaigns" + Query(("status", status), ("q", q), ("page", Page(page)));

    /// <summary>Transactional mails; <paramref name="after"/> is a cursor: the page begins with the next older one.</summary>
    public static string Emails(string slug, string? status = null, string? to = null, string? after = null) =>
        Tenant(slug) + "/emails" + Query(("status", status), ("to", to), ("after", after));

    public static string Email(string slug, Guid id, bool asText = false) =>
        Tenant(slug) + "/emails/" + id.ToString() + Query(("view", asText ? "text" : null));

    /// <param name="template">The template to begin with.</param>
    public static string NewCampaign(string slug, Guid? template = null) =>
        Tenant(slug) + "/campaigns/new" + Query(("template", template?.ToString()));

    /// <summary>
    /// Compose; beside it the preview: <paramref name="view"/> is phone or text, <paramref name="theme"/> dark,
    /// <paramref name="seenBy"/> the contact who is looked over the shoulder.
    /// </summary>
    public static string EditCampaign(
        string slug,
        Guid id,
        string? view = null,
        string? theme = null,
        Guid? seenBy = null
    ) => CampaignPath(slug, id) + "/edit" + Query(("view", view), ("theme", theme), ("as", seenBy?.ToString()));

    /// <summary>The campaign page; <paramref name="recipient"/> is the ledger number whose panel is open.</summary>
    public static string Campaign(
        string slug,
        Guid id,
        string? tab = null,
        string? state = null,
        string? q = null,
        long? recipient = null,
        int page = 1
    ) =>
        CampaignPath(slug, id)
        + Query(
            ("tab", tab),
            ("state", state),
            ("q", q),
            ("page", Page(page)),
            ("recipient", recipient?.ToString(CultureInfo.InvariantCulture))
        );

    public static string Contacts(
        string slug,
        string? q = null,
        string? tag = null,
        string? status = null,
        int page = 1,
        Guid? contact = null,
        Guid? segment = null,
        string? sort = null
    ) =>
        Tenant(slug)
        + "/contacts"
        + Query(
            ("q", q),
            ("tag", tag),
            ("status", status),
            ("segment", segment?.ToString()),
            ("sort", sort),
            ("page", Page(page)),
            ("contact", contact?.ToString())
        );

    /// <summary>The list with the panel for a new contact open.</summary>
    public static string NewContact(string slug) => Tenant(slug) + "/contacts" + Query(("contact", "new"));

    public static string ImportContacts(string slug) => Tenant(slug) + "/contacts/import";

    public static string ContactImport(string slug, Guid id, string? show = null, int page = 1) =>
        Tenant(slug) + "/contacts/imports/" + id.ToString() + Query(("show", show), ("page", Page(page)));

    /// <summary>A CSV file of the lines that an import rejected.</summary>
    public static string RejectedLines(string slug, Guid id) =>
        Tenant(slug) + "/contacts/imports/" + id.ToString() + "/rejected.csv";

    /// <summary>Segments; with the panel open for one of them, or for a new one.</summary>
    public static string Segments(string slug, Guid? segment = null) =>
        Tenant(slug) + "/segments" + Query(("segment", segment?.ToString()));

    public static string NewSegment(string slug) => Tenant(slug) + "/segments" + Query(("segment", "new"));

    /// <param name="after">The last template of the page before.</param>
    public static string Templates(string slug, Guid? after = null) =>
        Tenant(slug) + "/templates" + Query(("after", after?.ToString()));

    public static string NewTemplate(string slug) => Tenant(slug) + "/templates/new";

    public static string Template(string slug, Guid id) => Tenant(slug) + "/templates/" + id.ToString();

    public static string Senders(string slug) => Tenant(slug) + "/senders";

    public static string Suppression(string slug, string? q = null, string? reason = null, int page = 1) =>
        Tenant(slug) + "/suppression" + Query(("q", q), ("reason", reason), ("page", Page(page)));

    /// <summary>The audit log of a tenant, or without a slug the installation's own; <paramref name="from"/> and <paramref name="to"/> are days (yyyy-MM-dd), both included.</summary>
    /// <param name="before">The number of an entry; the page begins with the next older one.</param>
    public static string Audit(
        string? slug,
        string? actor = null,
        string? action = null,
        string? target = null,
        string? from = null,
        string? to = null,
        long? before = null
    ) =>
        (slug is null ? "/operator" : Tenant(slug))
        + "/audit"
        + Query(
            ("actor", actor),
            ("action", action),
            ("target", target),
            ("from", from),
            ("to", to),
            ("before", before?.ToString(CultureInfo.InvariantCulture))
        );

    /// <summary>The same filters as <see cref="Audit"/>, as a file.</summary>
    /// <param name="format">csv or json.</param>
    public static string AuditExport(
        string? slug,
        string format,
        string? actor = null,
        string? action = null,
        string? target = null,
        string? from = null,
        string? to = null
    ) =>
        (slug is null ? "/operator" : Tenant(slug))
        + "/audit/export."
        + format
        + Query(("actor", actor), ("action", action), ("target", target), ("from", from), ("to", to));

    public static string Settings(string slug) => Tenant(slug) + "/settings";

    public static string Members(string slug) => Tenant(slug) + "/settings/members";

    /// <summary>The tenant's API keys; with the form for a new one open.</summary>
    public static string ApiKeys(string slug, bool adding = false) =>
        Tenant(slug) + "/settings/api-keys" + Query(("key", adding ? "new" : null));

    /// <summary>Where the tenant's own programs are told of events; with the form for a new address open.</summary>
    public static string Webhooks(string slug, bool adding = false) =>
        Tenant(slug) + "/settings/webhooks" + Query(("endpoint", adding ? "new" : null));

    /// <summary>One endpoint with the log of its deliveries.</summary>
    /// <param name="after">The last id of the page before.</param>
    public static string Webhook(
        string slug,
        Guid id,
        string? state = null,
        Guid? after = null,
        bool editing = false
    ) =>
        FormattableString.Invariant($"{Tenant(slug)}/settings/webhooks/{id}")
        + Query(("state", state), ("after", after?.ToString()), ("edit", editing ? "1" : null));

    /// <summary>The recipient's own page. Relative: the mail puts <c>Portal:PublicUrl</c> before it.</summary>
    public static string Unsubscribe(string token) => "/u/" + Escape(token);

    /// <summary>The tenant of a path such as <c>/t/acme/campaigns</c>, or null outside of a tenant.</summary>
    /// <param name="path">An absolute path or one relative to the base address; a query is ignored.</param>
    public static string? TenantSlugOf(string path)
    {
        var segments = path.Split('?', '#')[0].TrimStart('/').Split('/');
        return segments is ["t", { Length: > 0 } slug, ..] ? Uri.UnescapeDataString(slug) : null;
    }

    private static string CampaignPath(string slug, Guid id) => Tenant(slug) + "/campaigns/" + id.ToString();

    private static string? Page(int page) => page > 1 ? page.ToString(CultureInfo.InvariantCulture) : null;

    private static string Escape(string value) => Uri.EscapeDataString(value);

    private static string Query(params ReadOnlySpan<(string Name, string? Value)> values)
    {
        var query = new StringBuilder();
        foreach (var (name, value) in values)
        {
            if (!string.IsNullOrEmpty(value))
            {
                query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Escape(value));
            }
        }

        return query.ToString();
    }
}
