using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using ResendEmulator.Control;
using ResendEmulator.Faults;
using ResendEmulator.Hosting;
using ResendEmulator.Sending;
using ResendEmulator.Storage;

namespace ResendEmulator.Protocol;

/// <summary>Answers one call; routes hang on these.</summary>
public delegate Task<ApiAnswer> ApiHandler(ProviderCall call);

/// <summary>
/// What every call to the provider's API passes: firewall, rate limit, key, faults, the log, the headers.
/// </summary>
public sealed class ProviderPipeline(
    EmulatorOptions options,
    EmulatorClock clock,
    EmulatorIds ids,
    Switches switches,
    Quota quota,
    FaultBook faults,
    FaultGate gate,
    CallStore calls,
    Database database,
    EmulatorLife life,
    ILogger<ProviderPipeline> log
)
{
    private readonly RateLimiter _limiter = new();

    /// <summary>Wraps a handler of the API. Send handlers call the fault gate themselves, inside their key's reservation.</summary>
    public RequestDelegate Wrap(ApiHandler handler, CallKind kind = CallKind.Other) =>
        http => HandleAsync(http, handler, kind);

    private async Task HandleAsync(HttpContext http, ApiHandler handler, CallKind kind)
    {
        var (arrived, now) = (clock.GetTimestamp(), clock.GetUtcNow());
        http.Response.Headers.Date = now.ToString("R", CultureInfo.InvariantCulture);
        if (StringValues.IsNullOrEmpty(http.Request.Headers.UserAgent))
        {
            await WriteAsync(http, ApiAnswer.Text(403, "error code: 1010", "text/plain; charset=UTF-8"));
            return;
        }

        using var body = new RequestBody();
        if (!await body.ReadAsync(http))
        {
            http.Abort();
            return;
        }

        using var call = new ProviderCall(http, ids.New(), now, kind, body.Bytes) { Arrived = arrived };
        var standing = _limiter.Take(now, switches.Current.RateLimitPerSecond);
        ApiAnswer answer;
        try
        {
            answer = await AnswerAsync(call, standing, handler);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            log.LogError(fault, "The emulator failed on {Method} {Path}", call.Method, call.Path);
            answer = ApiErrors.Of(500, "application_error", "The emulator itself failed; see its log.");
        }

        if (!call.Recorded)
        {
            await calls.RecordAsync(call, answer);
        }

        AddStanding(http, standing);
        await WriteAsync(http, await gate.AfterAsync(call, answer));
    }

    private async Task<ApiAnswer> AnswerAsync(ProviderCall call, RateStanding standing, ApiHandler handler)
    {
        if (!standing.Allowed)
        {
            return ApiErrors.TooFast(standing.Limit, standing.ResetSeconds);
        }

        if (Authenticate(call) is { } refused)
        {
            return refused;
        }

        call.Healing = life.Healing;
        call.Fault = faults.Decide(call);
        if (call.Fault is not null)
        {
            // Before it plays: a process that is killed while a call hangs must not play the same call again.
            await database.WriteAsync(faults.Save);
        }

        if (call.Kind == CallKind.Other && await gate.BeforeAsync(call) is { } fault)
        {
            return fault;
        }

        return await handler(call);
    }

    private ApiAnswer? Authenticate(ProviderCall call)
    {
        const string Scheme = "Bearer ";
        var header = call.Http.Request.Headers.Authorization.ToString();
        var token = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : "";
        if (token.Length == 0)
        {
            return ApiErrors.MissingKey();
        }

        call.ApiKey = options.ApiKeys.FirstOrDefault(key => string.Equals(key.Token, token, StringComparison.Ordinal));
        return call.ApiKey switch
        {
            null => ApiErrors.UnknownKey(),
            { OnlySends: true } when call.Kind == CallKind.Other => ApiErrors.OnlySends(),
            _ => null,
        };
    }

    private void AddStanding(HttpContext http, RateStanding standing)
    {
        var headers = http.Response.Headers;
        if (standing.Limit > 0)
        {
            headers["ratelimit-limit"] = standing.Limit.ToString(CultureInfo.InvariantCulture);
            headers["ratelimit-remaining"] = standing.Remaining.ToString(CultureInfo.InvariantCulture);
            headers["ratelimit-reset"] = standing.ResetSeconds.ToString(CultureInfo.InvariantCulture);
            headers["ratelimit-policy"] = $"{standing.Limit};w=1";
        }

        if (switches.Current.DailyQuota > 0)
        {
            headers["x-resend-daily-quota"] = quota.UsedToday.ToString(CultureInfo.InvariantCulture);
        }

        headers["x-resend-monthly-quota"] = quota.UsedThisMonth.ToString(CultureInfo.InvariantCulture);
    }

    private static async Task WriteAsync(HttpContext http, ApiAnswer answer)
    {
        if (answer.Reach == Reach.Nothing)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = answer.ContentType;
        http.Response.ContentLength = answer.Body.Length;
        foreach (var (name, value) in answer.Headers)
        {
            http.Response.Headers[name] = value;
        }

        try
        {
            var shown = answer.Reach == Reach.Half ? answer.Body.AsMemory(0, answer.Body.Length / 2) : answer.Body;
            await http.Response.Body.WriteAsync(shown, http.RequestAborted);
            if (answer.Reach == Reach.Half)
            {
                await http.Response.Body.FlushAsync(http.RequestAborted);
                http.Abort();
            }
        }
        catch (OperationCanceledException)
        {
            // The caller went away; what was accepted stays accepted.
        }
    }
}
