using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ResendEmulator.Pages;

/// <summary>The pages for people.</summary>
public sealed class PanelPages(InboxPage inbox, MailPage mail, CallsPage calls, ControlPage control)
{
    private static readonly Lazy<string> Style = new(() =>
    {
        using var stream = typeof(PanelPages).Assembly.GetManifestResourceStream("emulator.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    });

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", (RequestDelegate)inbox.ShowAsync);
        routes.MapGet("/emulator/mail/{id}", (RequestDelegate)mail.ShowAsync);
        routes.MapGet("/emulator/mail/{id}/html", (RequestDelegate)mail.ShowHtmlAsync);
        routes.MapGet("/emulator/calls", (RequestDelegate)calls.ShowAsync);
        routes.MapGet("/emulator/control", (RequestDelegate)control.ShowAsync);
        routes.MapPost("/emulator/control", (RequestDelegate)control.ActAsync);
        routes.MapGet("/emulator/style.css", (RequestDelegate)(http => Layout.StyleAsync(http, Style.Value)));
        routes.MapGet("/favicon.ico", (RequestDelegate)NoIcon);
    }

    private static Task NoIcon(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
