using System.Globalization;
using Microsoft.AspNetCore.Http;
using ResendEmulator.Control;
using ResendEmulator.Faults;

namespace ResendEmulator.Pages;

/// <summary>Faults, clock and webhooks, by buttons in plain words.</summary>
public sealed class ControlPage(EmulatorControl control)
{
    private const string Here = "/emulator/control";

    public async Task ShowAsync(HttpContext http)
    {
        var state = await control.StateAsync();
        var content = Html.Of($"{Faults(state)}{Clock(state)}{Webhooks(state)}{Reset()}");
        await Layout.PageAsync(http, "Controls", Here, content);
    }

    /// <summary>Does what the pressed button says, then shows the page again.</summary>
    public async Task ActAsync(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (FaultButtons.Rule(form["fault"].ToString(), Number(form["skip"]), form["address"]) is { } rule)
        {
            await control.AddFaultAsync(rule);
        }

        switch (form["do"].ToString())
        {
            case "heal":
                await control.HealAsync();
                break;
            case "clock":
                await control.AdvanceClockAsync(TimeSpan.FromSeconds(Number(form["seconds"])));
                break;
            case "hold":
                control.HoldWebhooks();
                break;
            case "release":
                control.ReleaseWebhooks();
                break;
            case "redeliver":
                await control.RedeliverAsync();
                break;
            case "reset":
                await control.ResetAsync();
                break;
            default:
                break;
        }

        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = Here;
    }

    private static Html Faults(EmulatorState state)
    {
        var set =
            state.Faults.Count == 0
                ? Html.Of($"""<p><span class="badge good">healthy</span> No fault is set.</p>""")
                : Html.Of(
                    $"""
                    <ul class="set">{Html.Join(state.Faults.Select(Fault))}</ul>
                    <form method="post" action="{Here}"><button class="primary" name="do" value="heal">Heal</button></form>
                    """
                );
        var buttons = FaultButtons.All.Select(button =>
            Html.Of($"""<button name="fault" value="{button.Name}">{button.Sentence}</button>""")
        );
        return Html.Of(
            $"""
            <section><h2>Faults</h2>{set}
            <form method="post" action="{Here}"><div class="fields">
            <label for="skip">Begin after this many more calls</label><input id="skip" name="skip" type="number" min="0" value="0" inputmode="numeric">
            <label for="address">Only for recipients that contain (may be empty)</label><input id="address" name="address"></div>
            <div class="buttons">{Html.Join(buttons)}</div></form></section>
            """
        );
    }

    private static Html Fault(FaultState fault)
    {
        var (tone, word) = fault.IsOver ? ("plain", "over") : ("warn", "set");
        var sentence = fault.Rule.Label ?? fault.Rule.Describe();
        return Html.Of(
            $"""
            <li><span class="badge {tone}">{word}</span> {sentence}
            <span class="quiet">({fault.Seen:N0} calls seen, {fault.Hit:N0} hit)</span></li>
            """
        );
    }

    private static Html Clock(EmulatorState state)
    {
        (int Seconds, string Name)[] steps =
        [
            (5, "5 seconds"),
            (60, "1 minute"),
            (3600, "1 hour"),
            (20 * 3600, "20 hours"),
            (24 * 3600, "24 hours"),
        ];
        var buttons = steps.Select(step =>
            Html.Of(
                $"""
                <form method="post" action="{Here}"><input type="hidden" name="do" value="clock">
                <button name="seconds" value="{step.Seconds}">Forward {step.Name}</button></form>
                """
            )
        );
        var ahead =
            state.ClockOffset == TimeSpan.Zero
                ? "It runs with this machine's clock."
                : $"It is {state.ClockOffset.ToString("c", CultureInfo.InvariantCulture)} ahead of this machine's clock.";
        return Html.Of(
            $"""
            <section><h2>Clock</h2><p>The emulator's time is <b>{Layout.When(state.Now)} UTC</b>. {ahead}
            Moving it moves nothing else: idempotency keys age, quotas begin anew, webhooks become due.</p>
            <div class="buttons">{Html.Join(buttons)}</div></section>
            """
        );
    }

    private static Html Webhooks(EmulatorState state)
    {
        var (act, name, note) = state.Behaviour.WebhooksHeld
            ? ("release", "Release them", ", held back")
            : ("hold", "Hold them back", "");
        var target = state.WebhookUrl ?? "no endpoint yet";
        return Html.Of(
            $"""
            <section><h2>Webhooks</h2><p>To <code>{target}</code>:
            <b>{state.WebhooksTaken:N0}</b> taken, <b>{state.WebhooksWaiting:N0}</b> waiting{note}.</p>
            <form method="post" action="{Here}" class="buttons"><button name="do" value="{act}">{name}</button>
            <button name="do" value="redeliver">Send all of them again</button></form></section>
            """
        );
    }

    private static Html Reset() =>
        Html.Of(
            $"""
            <section><h2>Start over</h2><details><summary>Forget all mail, calls, keys and faults</summary>
            <p>Domains go back to those of the start, the clock to this machine's. This cannot be undone.</p>
            <form method="post" action="{Here}"><button class="danger" name="do" value="reset">Forget everything</button></form></details></section>
            """
        );

    private static int Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0;
}
