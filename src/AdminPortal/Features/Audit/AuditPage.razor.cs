using AdminPortal.Tenancy;
using Ledgerpost.Audit;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Audit;

/// <summary>A tenant's log.</summary>
public sealed partial class AuditPage
{
    /// <summary>Those who act without being a member.</summary>
    private static readonly IReadOnlyList<(string Value, string Label)> Others =
    [
        ("system", "Ledgerpost itself"),
        ("operator", "An operator"),
        ("recipient", "A recipient"),
        ("program", "A program"),
    ];

    /// <summary>Of what is done to accounts, what stands in the logs of organisations as well.</summary>
    private static readonly string[] SignIns =
    [
        "account.signed_in",
        "account.sign_in_failed",
        "account.locked_out",
        "account.signed_out",
        "account.session_revoked",
    ];

    private static readonly IReadOnlyList<string> Actions =
    [
        .. AuditSentences.Actions.Where(action =>
            action.Split('.')[0] is not ("account" or "operator" or "operator_key" or "installation")
            || SignIns.Contains(action, StringComparer.Ordinal)
        ),
    ];

    [Inject]
    public required AuditQuery Query { get; init; }

    [Inject]
    public required VerifyAuditLog Verification { get; init; }

    [Inject]
    public required MemberList Members { get; init; }

    [CascadingParameter]
    public required TenantSession Tenant { get; set; }

    [CascadingParameter]
    public TimeZoneInfo? Zone { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    private async Task<AuditShown> ReadAsync(AuditFilter filter, long? before)
    {
        var scope = Tenant.Caller.Scope;
        var members = await Members.ReadAsync(scope, CancellationToken.None);
        return new(
            await Query.ReadAsync(scope, filter, before, CancellationToken.None),
            [.. members.Select(member => (member.UserId.ToString(), member.Name)), .. Others]
        );
    }

    private Task<AuditAnchor?> AnchorAsync(CancellationToken cancellation) =>
        Verification.AnchorAsync(Tenant.Caller.Scope, cancellation);

    private Task<AuditVerdict> VerifyAsync(CancellationToken cancellation) =>
        Verification.ExecuteAsync(Tenant.Caller.Scope, cancellation);
}
