namespace UnitTests.Isolation;

/// <summary>
/// One request in which an id stands: <c>&lt;Kind&gt;</c> is the id that is asked with, of that kind; <c>[Kind]</c> is one of
/// North's own. <c>&lt;cursor:Kind&gt;</c> and <c>&lt;mails:Kind&gt;</c> are places in lists, made of an id.
/// </summary>
/// <param name="Path">Of the API without its prefix, or from the root.</param>
/// <param name="Body">JSON.</param>
internal sealed record RouteAsk(string Path, string? Body = null);

/// <summary>What a route is asked, or why it is asked nothing.</summary>
internal sealed record RouteRow(string? Reason, params IReadOnlyList<RouteAsk> Asks)
{
    public static RouteRow Of(params string[] paths) => new(null, [.. paths.Select(path => new RouteAsk(path))]);

    public static RouteRow With(string path, params string[] bodies) =>
        new(null, [.. bodies.Select(body => new RouteAsk(path, body))]);

    public static RouteRow None(string reason) => new(reason);
}

/// <summary>Every route of the portal. One that is not here, and one that takes an id which nothing here asks with, fails a test.</summary>
internal static class RouteRows
{
    private const string Token =
        "a token of 256 bits is the proof; the tests of what it opens ask with others' and unknown ones";
    private const string Circuit = "the circuit's own: what runs in it is asked as a page and as use cases";
    private const string Person = "about the person who is signed in, without an id";
    private const string Static = "the same for everybody";
    private const string Mail = "\"name\":\"Spring\",\"subject\":\"Spring\",\"html\":\"<p>Spring</p>\"";

    private const string From = Mail + ",\"sender_id\":\"[SenderIdentity]\"";

    public static IReadOnlyDictionary<string, RouteRow> All { get; } =
        new Dictionary<string, RouteRow>(StringComparer.Ordinal)
        {
            ["GET /api/v1/campaigns"] = RouteRow.Of("campaigns?cursor=<cursor:Campaign>"),
            ["POST /api/v1/campaigns"] = RouteRow.With(
                "campaigns",
                "{" + Mail + ",\"audience\":{},\"send\":true,\"sender_id\":\"<SenderIdentity>\"}",
                "{\"name\":\"Spring\",\"audience\":{},\"sender_id\":\"[SenderIdentity]\",\"template_id\":\"<Template>\"}",
                "{" + From + ",\"send\":true,\"audience\":{\"segment_id\":\"<Segment>\"}}",
                "{" + From + ",\"audience\":{\"exclude_recipients_of\":[\"<Campaign>\"]}}",
                "{\"name\":\"Spring\",\"resume_from_campaign_id\":\"<Campaign>\"}"
            ),
            ["GET /api/v1/campaigns/{id:guid}"] = RouteRow.Of("campaigns/<Campaign>"),
            ["PATCH /api/v1/campaigns/{id:guid}"] = new(
                null,
                new("campaigns/<Campaign>", "{\"name\":\"Another\"}"),
                new("campaigns/[Campaign]", "{\"sender_id\":\"<SenderIdentity>\"}"),
                new("campaigns/[Campaign]", "{\"audience\":{\"segment_id\":\"<Segment>\"}}"),
                new("campaigns/[Campaign]", "{\"audience\":{\"exclude_recipients_of\":[\"<Campaign>\"]}}")
            ),
            ["DELETE /api/v1/campaigns/{id:guid}"] = RouteRow.Of("campaigns/<Campaign>"),
            ["GET /api/v1/campaigns/{id:guid}/content"] = RouteRow.Of("campaigns/<Campaign>/content"),
            ["GET /api/v1/campaigns/{id:guid}/preview"] = RouteRow.Of(
                "campaigns/<Campaign>/preview",
                "campaigns/[Campaign]/preview?contact_id=<Contact>"
            ),
            ["GET /api/v1/campaigns/{id:guid}/launch-preview"] = RouteRow.Of("campaigns/<Campaign>/launch-preview"),
            ["POST /api/v1/campaigns/{id:guid}/duplicate"] = RouteRow.Of("campaigns/<Campaign>/duplicate"),
            ["GET /api/v1/campaigns/{id:guid}/unknown"] = RouteRow.Of(
                "campaigns/<Campaign>/unknown",
                "campaigns/<Campaign>/unknown?cursor=MTo1"
            ),
            ["POST /api/v1/campaigns/{id:guid}/unknown"] = RouteRow.With(
                "campaigns/<Campaign>/unknown",
                "{\"call\":100,\"decision\":\"treat_as_sent\"}"
            ),
            ["POST /api/v1/campaigns/{id:guid}/send"] = RouteRow.Of("campaigns/<Campaign>/send"),
            ["POST /api/v1/campaigns/{id:guid}/pause"] = RouteRow.Of("campaigns/<Campaign>/pause"),
            ["POST /api/v1/campaigns/{id:guid}/continue"] = RouteRow.Of("campaigns/<Campaign>/continue"),
            ["POST /api/v1/campaigns/{id:guid}/cancel"] = RouteRow.Of("campaigns/<Campaign>/cancel"),
            ["POST /api/v1/campaigns/{id:guid}/resume"] = RouteRow.With("campaigns/<Campaign>/resume", "{}"),
            ["GET /api/v1/campaigns/{id:guid}/resume-preview"] = RouteRow.Of("campaigns/<Campaign>/resume-preview"),
            ["GET /api/v1/campaigns/{id:guid}/recipients"] = RouteRow.Of(
                "campaigns/<Campaign>/recipients",
                "campaigns/<Campaign>/recipients?cursor=MTo1"
            ),
            ["GET /api/v1/campaigns/{id:guid}/recipients/{number:int}"] = RouteRow.Of(
                "campaigns/<Campaign>/recipients/100"
            ),
            ["GET /api/v1/campaigns/{id:guid}/stats"] = RouteRow.Of("campaigns/<Campaign>/stats"),
            ["GET /api/v1/emails"] = RouteRow.Of("emails?cursor=<mails:Email>"),
            ["POST /api/v1/emails"] = RouteRow.With(
                "emails",
                "{\"to\":\"ada@example.net\",\"subject\":\"Hello\",\"html\":\"<p>Hello</p>\",\"sender_id\":\"<SenderIdentity>\"}"
            ),
            ["GET /api/v1/emails/{id:guid}"] = RouteRow.Of("emails/<Email>"),
            ["POST /api/v1/emails/{id:guid}/resume"] = RouteRow.Of("emails/<Email>/resume"),
            ["GET /api/v1/templates"] = RouteRow.Of("templates?cursor=<cursor:Template>"),
            ["POST /api/v1/templates"] = RouteRow.None("takes no id"),
            ["GET /api/v1/templates/{id:guid}"] = RouteRow.Of("templates/<Template>"),
            ["PUT /api/v1/templates/{id:guid}"] = RouteRow.With(
                "templates/<Template>",
                "{\"name\":\"Another\",\"subject\":\"Another\",\"html\":\"<p>Another</p>\"}"
            ),
            ["DELETE /api/v1/templates/{id:guid}"] = RouteRow.Of("templates/<Template>"),
            ["GET /api/v1/contacts"] = RouteRow.Of("contacts?cursor=<cursor:Contact>", "contacts?segment_id=<Segment>"),
            ["POST /api/v1/contacts"] = RouteRow.None("takes no id"),
            ["GET /api/v1/contacts/{id:guid}"] = RouteRow.Of("contacts/<Contact>"),
            ["PATCH /api/v1/contacts/{id:guid}"] = RouteRow.With(
                "contacts/<Contact>",
                "{\"email\":\"ada@example.net\"}"
            ),
            ["DELETE /api/v1/contacts/{id:guid}"] = RouteRow.Of("contacts/<Contact>"),
            ["POST /api/v1/contacts/{id:guid}/unsubscribe"] = RouteRow.Of("contacts/<Contact>/unsubscribe"),
            ["GET /api/v1/contacts/{id:guid}/record"] = RouteRow.Of("contacts/<Contact>/record"),
            ["POST /api/v1/contacts/{id:guid}/erase"] = RouteRow.Of("contacts/<Contact>/erase"),
            ["POST /api/v1/contacts/imports"] = RouteRow.None("takes a file and no id"),
            ["GET /api/v1/contacts/imports/{id:guid}"] = RouteRow.Of("contacts/imports/<ContactImport>"),
            ["GET /api/v1/contacts/export"] = RouteRow.Of("contacts/export?segment_id=<Segment>"),
            ["GET /api/v1/segments"] = RouteRow.Of("segments?cursor=<cursor:Segment>"),
            ["POST /api/v1/segments"] = RouteRow.None("takes no id"),
            ["GET /api/v1/segments/{id:guid}"] = RouteRow.Of("segments/<Segment>"),
            ["PATCH /api/v1/segments/{id:guid}"] = RouteRow.With("segments/<Segment>", "{\"name\":\"Another\"}"),
            ["DELETE /api/v1/segments/{id:guid}"] = RouteRow.Of("segments/<Segment>"),
            ["POST /api/v1/segments/{id:guid}/contacts"] = new(
                null,
                new("segments/<Segment>/contacts", "{\"contact_ids\":[\"[Contact]\"]}"),
                new("segments/[Segment]/contacts", "{\"contact_ids\":[\"<Contact>\"]}")
            ),
            ["DELETE /api/v1/segments/{id:guid}/contacts/{contact_id:guid}"] = RouteRow.Of(
                "segments/[Segment]/contacts/<Contact>",
                "segments/<Segment>/contacts/[Contact]"
            ),
            ["GET /api/v1/suppressions"] = RouteRow.Of("suppressions?cursor=<cursor:SuppressedAddress>"),
            ["POST /api/v1/suppressions"] = RouteRow.None("takes an address and no id"),
            ["DELETE /api/v1/suppressions/{id:guid}"] = RouteRow.Of("suppressions/<SuppressedAddress>"),
            ["GET /api/v1/domains"] = RouteRow.Of("domains?cursor=<cursor:SendingDomain>"),
            ["POST /api/v1/domains"] = RouteRow.None(
                "takes a name, which one tenant of all has; SendingDomainTests asks with another's"
            ),
            ["GET /api/v1/domains/{id:guid}"] = RouteRow.Of("domains/<SendingDomain>"),
            ["POST /api/v1/domains/{id:guid}/verify"] = RouteRow.Of("domains/<SendingDomain>/verify"),
            ["DELETE /api/v1/domains/{id:guid}"] = RouteRow.Of("domains/<SendingDomain>"),
            ["GET /api/v1/senders"] = RouteRow.Of("senders?cursor=<cursor:SenderIdentity>"),
            ["POST /api/v1/senders"] = RouteRow.With(
                "senders",
                "{\"domain_id\":\"<SendingDomain>\",\"local_part\":\"letters\"}"
            ),
            ["PATCH /api/v1/senders/{id:guid}"] = RouteRow.With(
                "senders/<SenderIdentity>",
                "{\"display_name\":\"Another\"}"
            ),
            ["DELETE /api/v1/senders/{id:guid}"] = RouteRow.Of("senders/<SenderIdentity>"),
            ["GET /api/v1/audit"] = RouteRow.Of(
                "audit?target=campaign:<Campaign>&cursor=MTo5OTk5",
                "audit?actor=<Member>"
            ),
            ["GET /api/v1/audit/export"] = RouteRow.Of(
                "audit/export?target=campaign:<Campaign>",
                "audit/export?format=json&actor=<Member>"
            ),
            ["GET /api/v1/api-keys"] = RouteRow.Of("api-keys?cursor=<cursor:ApiKey>"),
            ["POST /api/v1/api-keys"] = RouteRow.None("takes no id"),
            ["DELETE /api/v1/api-keys/{id:guid}"] = RouteRow.Of("api-keys/<ApiKey>"),
            ["GET /api/v1/webhook-endpoints"] = RouteRow.Of("webhook-endpoints?cursor=<cursor:EventEndpoint>"),
            ["POST /api/v1/webhook-endpoints"] = RouteRow.None("takes no id"),
            ["GET /api/v1/webhook-endpoints/{id:guid}"] = RouteRow.Of("webhook-endpoints/<EventEndpoint>"),
            ["PATCH /api/v1/webhook-endpoints/{id:guid}"] = RouteRow.With(
                "webhook-endpoints/<EventEndpoint>",
                "{\"enabled\":true}"
            ),
            ["DELETE /api/v1/webhook-endpoints/{id:guid}"] = RouteRow.Of("webhook-endpoints/<EventEndpoint>"),
            ["POST /api/v1/webhook-endpoints/{id:guid}/rotate-secret"] = RouteRow.Of(
                "webhook-endpoints/<EventEndpoint>/rotate-secret"
            ),
            ["POST /api/v1/webhook-endpoints/{id:guid}/test"] = RouteRow.Of("webhook-endpoints/<EventEndpoint>/test"),
            ["POST /api/v1/webhook-endpoints/deliveries/{id:guid}/replay"] = RouteRow.Of(
                "webhook-endpoints/deliveries/<EventDelivery>/replay"
            ),
            ["GET /api/v1/webhook-endpoints/{id:guid}/deliveries"] = RouteRow.Of(
                "webhook-endpoints/<EventEndpoint>/deliveries",
                "webhook-endpoints/[EventEndpoint]/deliveries?cursor=<cursor:EventDelivery>"
            ),
            ["GET /api/v1/tenants"] = RouteRow.Of("tenants?cursor=<cursor:Tenant>"),
            ["POST /api/v1/tenants"] = RouteRow.None("takes no id, and an operator's key"),
            ["GET /api/v1/tenants/{id:guid}"] = RouteRow.Of("tenants/<Tenant>"),
            ["PATCH /api/v1/tenants/{id:guid}"] = RouteRow.With("tenants/<Tenant>", "{\"name\":\"Another\"}"),
            ["DELETE /api/v1/tenants/{id:guid}"] = RouteRow.Of("tenants/<Tenant>"),
            ["POST /api/v1/tenants/{id:guid}/api-keys"] = RouteRow.With(
                "tenants/<Tenant>/api-keys",
                "{\"name\":\"Key\",\"scopes\":[\"read\"]}"
            ),
            ["GET /api/v1/openapi/{documentName}.json"] = RouteRow.None(Static),
            ["GET /openapi/{documentName}.json"] = RouteRow.None(Static),
            ["GET /openapi"] = RouteRow.None(Static),
            ["GET /healthz/live"] = RouteRow.None(Static),
            ["GET /healthz/ready"] = RouteRow.None(Static),
            ["GET /contacts-sample.csv"] = RouteRow.None(Static),
            ["GET /t/{slug}/contacts/imports/{id:guid}/rejected.csv"] = RouteRow.Of(
                "/t/north/contacts/imports/<ContactImport>/rejected.csv"
            ),
            ["GET /t/{slug}/audit/export.csv"] = RouteRow.Of(
                "/t/north/audit/export.csv?target=campaign:<Campaign>",
                "/t/north/audit/export.csv?actor=<Member>"
            ),
            ["GET /t/{slug}/audit/export.json"] = RouteRow.Of("/t/north/audit/export.json?actor=<Member>"),
            ["GET /operator/audit/export.csv"] = RouteRow.None(
                "for operators alone, and about no tenant; AuditQueryTests"
            ),
            ["GET /operator/audit/export.json"] = RouteRow.None(
                "for operators alone, and about no tenant; AuditQueryTests"
            ),
            ["GET /u/{token}"] = RouteRow.None(Token),
            ["POST /u/{token}"] = RouteRow.None(Token),
            ["POST /webhooks/resend"] = RouteRow.None("a signature of the provider account is the proof; EventTests"),
            ["POST /webhooks/resend/{tenant}"] = RouteRow.With("/webhooks/resend/<Tenant>", "{}"),
            ["POST /account/passkey/question"] = RouteRow.None(Person),
            ["POST /account/passkey"] = RouteRow.None(Person),
            ["POST /you/passkeys/question"] = RouteRow.None(Person),
            ["POST /you/passkeys"] = RouteRow.None(Person),
            ["GET /{**path:file}"] = RouteRow.None(Static),
            ["HEAD /{**path:file}"] = RouteRow.None(Static),
            ["GET /_framework/opaque-redirect"] = RouteRow.None(
                "leads to where a form's answer said, sealed by the portal"
            ),
            ["ANY /_blazor"] = RouteRow.None(Circuit),
            ["ANY /_blazor/negotiate"] = RouteRow.None(Circuit),
            ["ANY /_blazor/disconnect"] = RouteRow.None(Circuit),
            ["ANY /_blazor/initializers"] = RouteRow.None(Static),
            ["PAGE /"] = RouteRow.None(Person),
            ["PAGE /you"] = RouteRow.None(Person),
            ["PAGE /you/sessions"] = RouteRow.None(Person),
            ["PAGE /account/sign-in"] = RouteRow.None(Person),
            ["PAGE /account/sign-out"] = RouteRow.None(Person),
            ["PAGE /account/second-step"] = RouteRow.None(Person),
            ["PAGE /account/locked-out"] = RouteRow.None(Static),
            ["PAGE /account/forgot"] = RouteRow.None("says the same for every address; PasswordResetTests"),
            ["PAGE /account/not-a-member"] = RouteRow.None(Static),
            ["PAGE /account/access-denied"] = RouteRow.None(Static),
            ["PAGE /account/set-up/{Token}"] = RouteRow.None(Token),
            ["PAGE /account/reset/{Token}"] = RouteRow.None(Token),
            ["PAGE /account/join/{Token}"] = RouteRow.None(Token),
            ["PAGE /not-found"] = RouteRow.None(Static),
            ["PAGE /dev/gallery"] = RouteRow.None(Static),
            ["PAGE /dev/gallery/static"] = RouteRow.None(Static),
            ["PAGE /dev/gallery/tables"] = RouteRow.None(Static),
            ["PAGE /dev/gallery/script"] = RouteRow.None(Static),
            ["PAGE /operator/tenants"] = RouteRow.None("for operators, and without an id"),
            ["PAGE /operator/sending"] = RouteRow.None("for operators, and without an id"),
            ["PAGE /operator/operators"] = RouteRow.None("for operators, and without an id"),
            ["PAGE /operator/audit"] = RouteRow.None("for operators alone, and about no tenant; AuditQueryTests"),
            ["PAGE /operator/events"] = RouteRow.Of("/operator/events?after=1_<Contact>"),
            ["PAGE /t/{Slug}"] = RouteRow.None("takes no id but the slug"),
            ["PAGE /t/{Slug}/emails"] = RouteRow.Of("/t/north/emails?after=<place:Email>"),
            ["PAGE /t/{Slug}/emails/{Id:guid}"] = RouteRow.Of("/t/north/emails/<Email>"),
            ["PAGE /t/{Slug}/campaigns"] = RouteRow.None("takes no id but the slug"),
            ["PAGE /t/{Slug}/campaigns/new"] = RouteRow.Of("/t/north/campaigns/new?template=<Template>"),
            ["PAGE /t/{Slug}/campaigns/{Id:guid}"] = RouteRow.Of(
                "/t/north/campaigns/<Campaign>",
                "/t/north/campaigns/<Campaign>?recipient=100",
                "/t/north/campaigns/<Campaign>?tab=activity",
                "/t/north/campaigns/<Campaign>?tab=content"
            ),
            ["PAGE /t/{Slug}/campaigns/{Id:guid}/edit"] = RouteRow.Of(
                "/t/north/campaigns/<Campaign>/edit",
                "/t/north/campaigns/[Campaign]/edit?as=<Contact>"
            ),
            ["PAGE /t/{Slug}/settings/events"] = RouteRow.Of("/t/north/settings/events?after=1_<Contact>"),
            ["PAGE /t/{Slug}/templates"] = RouteRow.Of("/t/north/templates?after=<Template>"),
            ["PAGE /t/{Slug}/templates/new"] = RouteRow.None("takes no id but the slug"),
            ["PAGE /t/{Slug}/templates/{Id:guid}"] = RouteRow.Of("/t/north/templates/<Template>"),
            ["PAGE /t/{Slug}/contacts"] = RouteRow.Of(
                "/t/north/contacts?contact=<Contact>",
                "/t/north/contacts?segment=<Segment>"
            ),
            ["PAGE /t/{Slug}/contacts/import"] = RouteRow.None("takes no id but the slug"),
            ["PAGE /t/{Slug}/contacts/imports/{Id:guid}"] = RouteRow.Of("/t/north/contacts/imports/<ContactImport>"),
            ["PAGE /t/{Slug}/segments"] = RouteRow.Of("/t/north/segments?segment=<Segment>"),
            ["PAGE /t/{Slug}/senders"] = RouteRow.None("takes no id but the slug"),
            ["PAGE /t/{Slug}/suppression"] = RouteRow.None("takes no id but the slug"),
            ["PAGE /t/{Slug}/audit"] = RouteRow.Of(
                "/t/north/audit?target=campaign:<Campaign>",
                "/t/north/audit?actor=<Member>"
            ),
            ["PAGE /t/{Slug}/settings"] = RouteRow.None("takes no id but the slug"),
            ["PAGE /t/{Slug}/settings/members"] = RouteRow.None("takes no id but the slug"),
            ["PAGE /t/{Slug}/settings/api-keys"] = RouteRow.None("takes no id but the slug"),
            ["PAGE /t/{Slug}/settings/webhooks"] = RouteRow.None("takes no id but the slug"),
            ["PAGE /t/{Slug}/settings/webhooks/{Id:guid}"] = RouteRow.Of(
                "/t/north/settings/webhooks/<EventEndpoint>",
                "/t/north/settings/webhooks/[EventEndpoint]?after=<EventDelivery>"
            ),
        };
}
