using System.Collections.Concurrent;
using System.Globalization;
using Ledgerpost.Programs;

namespace AdminPortal.Api;

/// <summary>The section <c>Api</c>.</summary>
/// <param name="RequestsPerMinute">Of one key on one instance.</param>
public sealed record ApiOptions(int RequestsPerMinute);

/// <summary>
/// So many requests of one key in each minute, told in the headers of every answer. For fairness between tenants on one
/// portal, not against attackers: whoever shows no valid key gets no further than its lookup.
/// </summary>
internal sealed class ApiRates(ApiOptions options, TimeProvider time) : IMiddleware
{
    public const string LimitHeader = "RateLimit-Limit";
    public const string RemainingHeader = "RateLimit-Remaining";
    public const string ResetHeader = "RateLimit-Reset";
    public const string PolicyHeader = "RateLimit-Policy";

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, Window> _windows = new();

    public Task InvokeAsync(HttpContext http, RequestDelegate next) =>
        Take(http) is { } tooMany ? tooMany.ExecuteAsync(http) : next(http);

    /// <summary>Once for each request: also for one that a scope refuses, which comes no further than that.</summary>
    /// <returns>Null when the request may go on.</returns>
    public ApiProblem? Take(HttpContext http)
    {
        if (http.User.Program() is not { } key)
        {
            return null;
        }

        var (left, reset) = _windows.GetOrAdd(key.KeyId, _ => new Window()).Take(options.RequestsPerMinute, time);
        var headers = http.Response.Headers;
        headers[LimitHeader] = Text(options.RequestsPerMinute);
        headers[RemainingHeader] = Text(Math.Max(0, left));
        headers[ResetHeader] = Text(reset);
        headers[PolicyHeader] = $"{Text(options.RequestsPerMinute)};w=60";
        if (left >= 0)
        {
            return null;
        }

        headers.RetryAfter = Text(reset);
        return ApiErrors.RateLimited.Say(
            $"Nothing was done. This key has used its {Text(options.RequestsPerMinute)} requests of this minute; go on in {Text(reset)} s."
        );
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed class Window
    {
        private readonly Lock _lock = new();
        private DateTimeOffset _ends;
        private int _used;

        /// <returns>How many are left after this one, less than none when it is too many, and seconds to the next window.</returns>
        public (int Left, int Reset) Take(int limit, TimeProvider time)
        {
            lock (_lock)
            {
                var now = time.GetUtcNow();
                if (now >= _ends)
                {
                    (_ends, _used) = (now + Minute, 0);
                }

                var left = limit - ++_used;
                return (left, (int)Math.Ceiling((_ends - now).TotalSeconds));
            }
        }
    }
}
