using AdminPortal.Account;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace AdminPortal.Features.You;

/// <summary>How a person signs in. Also where a tenant leads them that asks for a second factor.</summary>
public sealed partial class YouPage
{
    private Actor? _me;
    private string _email = "";
    private SecondFactorView? _view;
    private TenantEntry? _needed;

    [Inject]
    public required SecondFactorState State { get; init; }

    [Inject]
    public required TenantDirectory Directory { get; init; }

    [CascadingParameter]
    public required Task<AuthenticationState> Authentication { get; init; }

    /// <summary>The tenant that led here.</summary>
    [SupplyParameterFromQuery(Name = "needed")]
    public string? Needed { get; set; }

    protected override async Task OnInitializedAsync()
    {
        var person = (await Authentication).User;
        (_me, _email) = (person.AsMember(), person.Email());
        if (Needed is { } slug && person.UserId() is { } userId)
        {
            _needed = await Directory.EnterAsync(userId, person.SessionId(), slug, CancellationToken.None);
        }

        await LoadAsync();
    }

    private async Task LoadAsync()
    {
        if (_me?.UserId is { } userId)
        {
            _view = await State.ReadAsync(userId, _me.SessionId, CancellationToken.None);
        }
    }
}
