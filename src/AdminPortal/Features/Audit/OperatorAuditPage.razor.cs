using AdminPortal.Account;
using Ledgerpost.Audit;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace AdminPortal.Features.Audit;

/// <summary>The installation's own log, for operators.</summary>
public sealed partial class OperatorAuditPage
{
    private static readonly IReadOnlyList<(string Value, string Label)> Kinds =
    [
        ("operator", "An operator"),
        ("user", "A person"),
        ("program", "A program"),
        ("system", "Ledgerpost itself"),
    ];

    private static readonly IReadOnlyList<string> Actions =
    [
        .. AuditSentences.Actions.Where(action =>
            action.Split('.')[0]
                is "account"
                    or "audit"
                    or "command"
                    or "event"
                    or "installation"
                    or "operator"
                    or "operator_key"
                    or "request"
                    or "tenant"
            // What operators do for an organisation stands in both logs.
            || action is "api_key.created" or "member.added" or "member.invited"
        ),
    ];

    [Inject]
    public required AuditQuery Query { get; init; }

    [Inject]
    public required VerifyAuditLog Verification { get; init; }

    [CascadingParameter]
    public required Task<AuthenticationState> Authentication { get; init; }

    private async Task<Actor> ActorAsync() => (await Authentication).User.AsOperator();

    private async Task<AuditShown> ReadAsync(AuditFilter filter, long? before) =>
        new(await Query.ReadAsync(await ActorAsync(), filter, before, CancellationToken.None), Kinds);

    private async Task<AuditAnchor?> AnchorAsync(CancellationToken cancellation) =>
        await Verification.AnchorAsync(await ActorAsync(), cancellation);

    private async Task<AuditVerdict> VerifyAsync(CancellationToken cancellation) =>
        await Verification.ExecuteAsync(await ActorAsync(), cancellation);
}
