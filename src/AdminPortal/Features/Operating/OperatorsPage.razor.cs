using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Operating;

/// <summary>The operators and the keys of their programs.</summary>
public sealed partial class OperatorsPage
{
    /// <summary><c>new</c> while the form for a key is open.</summary>
    [SupplyParameterFromQuery(Name = "key")]
    public string? Open { get; set; }
}
