using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Components.Web;

namespace AdminPortal.Components;

/// <summary>The document around every page.</summary>
public sealed partial class App
{
    [CascadingParameter]
    public required HttpContext HttpContext { get; init; }

    /// <summary>
    /// Account pages (marked <c>[ExcludeFromInteractiveRouting]</c>) are static, because only an HTTP answer can set a
    /// cookie. All others run on the circuit without prerendering: a prerendered page would load everything twice, show
    /// its skeleton a second time, and lose the clicks made before the circuit stands.
    /// </summary>
    private IComponentRenderMode? PageRenderMode =>
        HttpContext.AcceptsInteractiveRouting() ? new InteractiveServerRenderMode(prerender: false) : null;

    /// <summary>What the person chose; null follows the system.</summary>
    private string? Theme =>
        HttpContext.Request.Cookies["lp-theme"] is "light" or "dark" ? HttpContext.Request.Cookies["lp-theme"] : null;
}
