using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ResendEmulator.Pages;

/// <summary>The page for people.</summary>
public sealed class PanelPages
{
    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/", (RequestDelegate)(http => http.Response.WriteAsync("Resend emulator", http.RequestAborted)));
}
