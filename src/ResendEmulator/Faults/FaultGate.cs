using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ResendEmulator.Hosting;
using ResendEmulator.Protocol;

namespace ResendEmulator.Faults;

/// <summary>Plays a fault at its point. Delays run on real time: moving the emulator's clock does not shorten them.</summary>
public sealed class FaultGate(EmulatorClock clock, EmulatorLife life)
{
    /// <summary>The fault's answer instead of the work, or <c>null</c> to go on.</summary>
    public async Task<ApiAnswer?> BeforeAsync(ProviderCall call)
    {
        if (call.Fault is not { IsAfter: false } rule)
        {
            return null;
        }

        if (rule.Kind == FaultKind.Slow)
        {
            return await DelayedAsync(call, TimeSpan.FromMilliseconds(rule.DelayMilliseconds)) ? null : ApiAnswer.Cut;
        }

        return rule.Kind == FaultKind.Hang ? await HangAsync(call) : Instead(rule);
    }

    /// <summary>What of the finished answer reaches the caller.</summary>
    public async Task<ApiAnswer> AfterAsync(ProviderCall call, ApiAnswer answer)
    {
        if (call.Fault is not { IsAfter: true } rule || !answer.Succeeded)
        {
            return answer;
        }

        return rule.Kind switch
        {
            FaultKind.Slow => await DelayedAsync(call, Rest(call, rule)) ? answer : ApiAnswer.Cut,
            FaultKind.Hang => await HangAsync(call),
            FaultKind.HalfAnswer => answer with { Reach = Reach.Half },
            FaultKind.ShortAnswer => Shorten(answer, rule.MissingIds),
            _ => Instead(rule),
        };
    }

    /// <summary>The status that the caller sees, known before the answer is written; <c>null</c> = none.</summary>
    public static int? WireStatus(FaultRule? rule, ApiAnswer answer)
    {
        if (rule is not { IsAfter: true } || !answer.Succeeded)
        {
            return answer.Reach == Reach.Nothing ? null : answer.Status;
        }

        return rule.Kind switch
        {
            FaultKind.Slow or FaultKind.ShortAnswer or FaultKind.HalfAnswer => answer.Status,
            FaultKind.Hang or FaultKind.Cut => null,
            _ => Instead(rule).Status,
        };
    }

    // The answer comes when the rule says, and not later by what the call's own work took.
    private TimeSpan Rest(ProviderCall call, FaultRule rule)
    {
        var rest = TimeSpan.FromMilliseconds(rule.DelayMilliseconds) - clock.GetElapsedTime(call.Arrived);
        return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
    }

    private async Task<bool> DelayedAsync(ProviderCall call, TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, clock, call.Healing);
            return true;
        }
        catch (OperationCanceledException)
        {
            return !life.Stopping.IsCancellationRequested;
        }
    }

    private async Task<ApiAnswer> HangAsync(ProviderCall call)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Http.RequestAborted, life.Stopping);
        life.Hanging();
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, end.Token);
        }
        catch (OperationCanceledException)
        {
            // The caller gave up, or the emulator stops.
        }

        return ApiAnswer.Cut;
    }

    private static ApiAnswer Instead(FaultRule rule)
    {
        switch (rule.Kind)
        {
            case FaultKind.Cut:
                return ApiAnswer.Cut;
            case FaultKind.Html:
                var status = rule.Status ?? 502;
                var page =
                    $"<html><head><title>{status}</title></head><body><h1>{status} Bad Gateway</h1></body></html>";
                return ApiAnswer.Text(status, page, "text/html");
            case FaultKind.Garbage:
                return ApiAnswer.Text(rule.Status ?? 200, "{\"data\":[{\"id\":\"", "application/json");
            case FaultKind.Redirect:
                var answer = ApiAnswer.Text(rule.Status ?? 307, "", "text/plain");
                return answer.With("Location", rule.Location ?? "/elsewhere");
            default:
                return Refusal(rule);
        }
    }

    private static ApiAnswer Refusal(FaultRule rule)
    {
        var status = rule.Status ?? 503;
        var name = rule.Name ?? UsualName(status);
        var answer = ApiErrors.Of(status, name, rule.Message ?? "Refused by a fault that was set in the emulator.");
        var wait = rule.RetryAfter ?? (string.Equals(name, "rate_limit_exceeded", StringComparison.Ordinal) ? 1 : null);
        return wait is { } seconds
            ? answer.With("retry-after", seconds.ToString(CultureInfo.InvariantCulture))
            : answer;
    }

    private static string UsualName(int status) =>
        status switch
        {
            404 => "not_found",
            405 => "method_not_allowed",
            409 => "resource_locked",
            429 => "rate_limit_exceeded",
            503 => "service_unavailable",
            >= 500 => "application_error",
            _ => "validation_error",
        };

    private static ApiAnswer Shorten(ApiAnswer answer, int missing)
    {
        if (JsonNode.Parse(answer.Body) is not JsonObject body || body["data"] is not JsonArray ids)
        {
            return ApiAnswer.Ok(new JsonObject());
        }

        for (var i = 0; i < missing && ids.Count > 0; i++)
        {
            ids.RemoveAt(ids.Count - 1);
        }

        return answer with
        {
            Body = JsonSerializer.SerializeToUtf8Bytes(body, ApiAnswer.Json),
        };
    }
}
