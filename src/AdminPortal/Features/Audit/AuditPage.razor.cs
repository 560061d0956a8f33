using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Audit;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Audit;

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

    private static readonly IReadOnlyList<IGrouping<string, string>> ActionsByKind =
    [
        .. AuditSentences
            .Actions.Where(action =>
                action.Split('.')[0] is not ("account" or "operator" or "operator_key" or "installation")
                || SignIns.Contains(action, StringComparer.Ordinal)
            )
            .GroupBy(action => action.Split('.')[0], StringComparer.Ordinal),
    ];

    private AuditFilter _filter = new();
    private Ledgerpost.Audit.AuditPage? _page;
    private IReadOnlyList<MemberLine> _members = [];
    private string? _loaded;
    private bool _failed;

    [Inject]
    public required AuditQuery Query { get; init; }

    [Inject]
    public required MemberList Members { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required ILogger<AuditPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Tenant { get; set; }

    [CascadingParameter]
    public TimeZoneInfo? Zone { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    [SupplyParameterFromQuery]
    public string? Actor { get; set; }

    [SupplyParameterFromQuery]
    public string? Action { get; set; }

    [SupplyParameterFromQuery]
    public string? Target { get; set; }

    [SupplyParameterFromQuery]
    public string? From { get; set; }

    [SupplyParameterFromQuery]
    public string? To { get; set; }

    [SupplyParameterFromQuery]
    public long? Before { get; set; }

    private AuditAddress Address => new(Tenant.Slug, Actor, Action, Target, From, To, Before);

    private IEnumerable<(string Value, string Label)> Actors =>
        _members.Select(member => (member.UserId.ToString(), member.Name)).Concat(Others);

    private IReadOnlyList<FilterChip> Chips =>
        [.. Address.Chips(NameOf).Select(chip => new FilterChip(chip.Label, chip.Without))];

    protected override async Task OnParametersSetAsync()
    {
        // A cascaded session that is renewed sets the parameters again; only a new address is a new question.
        if (_loaded != Address.Href)
        {
            _loaded = Address.Href;
            await LoadAsync();
        }
    }

    private async Task LoadAsync()
    {
        _failed = false;
        _page = null;
        _filter = Address.Filter(Zone ?? TimeZoneInfo.Utc);
        try
        {
            var scope = Tenant.Caller.Scope;
            _members = await Members.ReadAsync(scope, CancellationToken.None);
            _page = await Query.ReadAsync(scope, _filter, Before, CancellationToken.None);
        }
        catch (Exception exception)
        {
            Logger.LogError(exception, "The audit log could not be read.");
            _failed = true;
        }
    }

    private void Go(AuditAddress address) => Navigation.NavigateTo(address.Href);

    private void SearchAsync(string text) => Go(Address.Newest with { Target = text });

    private string NameOf(string actor) =>
        Actors.FirstOrDefault(known => known.Value.Equals(actor, StringComparison.OrdinalIgnoreCase)).Label
        ?? _page?.Entries.FirstOrDefault(entry => entry.ActorId?.ToString() == actor)?.ActorName
        ?? "somebody";

    private static string? Text(ChangeEventArgs change) => change.Value as string;
}
