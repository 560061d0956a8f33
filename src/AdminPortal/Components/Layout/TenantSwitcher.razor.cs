using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Layout;

/// <summary>Says which tenant this page belongs to, and leads to the others. The choice is the address, nothing else.</summary>
public sealed partial class TenantSwitcher
{
    [Parameter, EditorRequired]
    public required IReadOnlyList<ShellTenant> Tenants { get; set; }

    [Parameter]
    public ShellTenant? Current { get; set; }

    [Parameter]
    public bool Operator { get; set; }

    private string Name => Current?.Name ?? "Ledgerpost";
}
