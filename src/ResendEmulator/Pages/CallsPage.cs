using System.Globalization;
using Microsoft.AspNetCore.Http;
using ResendEmulator.Control;

namespace ResendEmulator.Pages;

/// <summary>The wire log: every call, what the API decided and what the caller could see.</summary>
public sealed class CallsPage(EmulatorControl control)
{
    private const int Shown = 200;

    public async Task ShowAsync(HttpContext http)
    {
        var state = await control.StateAsync();
        var last = await control.LastCallsAsync(Shown);
        var rows = last.Select(Row);
        var content =
            last.Count == 0
                ? Html.Of($"""<p class="empty">No call yet.</p>""")
                : Html.Of(
                    $"""
                    <p class="summary">The last <b>{last.Count:N0}</b> of <b>{state.Calls:N0}</b> calls, the newest first.</p>
                    <table><thead><tr><th>No.</th><th>At (UTC)</th><th>Call</th><th>Mails</th><th>Decided</th><th>Seen by the caller</th><th>Idempotency key</th><th>Fault</th></tr></thead>
                    <tbody>{Html.Join(rows)}</tbody></table>
                    """
                );
        await Layout.PageAsync(http, "Calls", "/emulator/calls", content);
    }

    private static Html Row(WireCall call)
    {
        var at = Layout.When(call.At);
        var repeated = call.Replayed ? Html.Of($" <span class=\"badge plain\">repeated</span>") : Html.Empty;
        var decided = Code(call.Status, "nothing") + repeated;
        var seen = Code(call.WireStatus, "cut off");
        var key = call.IdempotencyKey is { } text ? Html.Of($"<code>{text}</code>") : Html.Empty;
        return Html.Of(
            $"""
            <tr><td data-name="No." class="num">{call.Number:N0}</td><td data-name="At" class="num">{at}</td>
            <td data-name="Call">{call.Method} {call.Path}</td><td data-name="Mails" class="num">{call.Count}</td>
            <td data-name="Decided"><span>{decided}</span></td><td data-name="Seen">{seen}</td>
            <td data-name="Key">{key}</td><td data-name="Fault" class="quiet">{call.Fault}</td></tr>
            """
        );
    }

    private static Html Code(int? status, string none)
    {
        var tone = status switch
        {
            null => "bad",
            < 300 => "good",
            429 => "warn",
            _ => "bad",
        };
        return Html.Of(
            $"""<span class="badge {tone}">{status?.ToString(CultureInfo.InvariantCulture) ?? none}</span>"""
        );
    }
}
