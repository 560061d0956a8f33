using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using ResendEmulator.Faults;
using ResendEmulator.Hosting;

namespace UnitTests.Simulation;

/// <summary>One POST whose body was written: what a provider could see of it, whether it arrived or not.</summary>
/// <param name="First">Who is in it, where it is the first of its key; null for a repeat.</param>
/// <param name="Deleted">Who was deleted and not added again, when it went out.</param>
/// <param name="IntentBegan">The world's step at which its intent had not begun yet.</param>
internal sealed record WirePost(
    string Key,
    string Hash,
    DateTimeOffset At,
    int Portal,
    FirstCall? First,
    long IntentBegan,
    IReadOnlyDictionary<(Guid Tenant, string Email), long> Deleted
);

internal sealed record FirstCall(Guid Tenant, Guid Campaign, string Recipients);

/// <summary>
/// The network between portal and provider. A request may be lost, late, or answered by something else; an answer may be
/// lost or late; and a request goes on its way although its sender has died meanwhile.
/// </summary>
internal sealed class SimWire(SimWorld world, int portal) : HttpMessageHandler
{
    private readonly Random _random = world.Random;
    private readonly SimPlan _plan = world.Plan;

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        using var body = new MemoryStream();
        if (request.Content is { } content)
        {
            await content.CopyToAsync(body, cancellationToken);
        }

        // Completed by the network, outside every context: the client's own continuations then run on this thread too.
        var answer = new TaskCompletionSource<HttpResponseMessage>();
        await using var gone = cancellationToken.Register(() => answer.TrySetCanceled(cancellationToken));
        Depart(request, body.ToArray(), answer, cancellationToken);
        return await answer.Task.ConfigureAwait(false);
    }

    private void Depart(
        HttpRequestMessage request,
        byte[] body,
        TaskCompletionSource<HttpResponseMessage> answer,
        CancellationToken aborted
    )
    {
        var headers = request
            .Headers.Select(header => (header.Key, string.Join(", ", header.Value)))
            .Append(("Content-Type", "application/json"))
            .ToList();
        var key = headers.Find(header => header.Item1 == "Idempotency-Key").Item2;
        var hash = Convert.ToHexStringLower(SHA256.HashData(body));
        if (key is not null)
        {
            world.Scheduler.Interesting();
            world.NoteRepeat(key, portal);
            world.Posts.Add(
                new WirePost(
                    key,
                    hash,
                    world.Scheduler.Now,
                    portal,
                    First(key),
                    world.IntentBegan.Value,
                    world.Deleted.ToDictionary()
                )
            );
        }

        var number = ++world.Requests;
        // A portal that starts with a wrong clock learns of it by what it reads; only a provider that is away hides it.
        var reads = key is null;
        var lost = world.Outage is "unreachable" || (!reads && world.Chance(_plan.LostRequest));
        var way = Way(reads);
        world.Trace.Add(
            $"request {number} {request.Method} {request.RequestUri!.AbsolutePath} {key} {hash[..8]}{(lost ? " is lost" : "")}"
        );
        if (lost)
        {
            if (_random.Next(2) == 0)
            {
                world.Later(way, () => answer.TrySetException(new HttpRequestException("Connection refused.")));
            }

            return;
        }

        var other = request.Headers.Authorization?.Parameter == SimTemplate.OtherTeamsKey;
        if (reads && OfOtherTeam(request.RequestUri!, other) is { } refused)
        {
            world.Later(way, () => answer.TrySetResult(refused));
            return;
        }

        if (other && key is not null)
        {
            headers[headers.FindIndex(header => header.Item1 == "Idempotency-Key")] = (
                "Idempotency-Key",
                "other/" + key
            );
        }

        var rule = reads ? null : Fault();
        world.Later(
            way,
            () =>
                world.Provider.Start(
                    () =>
                        ArriveAsync(
                            number,
                            request.Method.Method,
                            request.RequestUri!,
                            headers,
                            body,
                            rule,
                            answer,
                            other,
                            aborted
                        ),
                    world.Fail
                )
        );
    }

    /// <summary>By the newest attempt: where there is a newer one than this call's, it is a repeat, and nothing is asked of it.</summary>
    private FirstCall? First(string key) =>
        world.Look(db =>
            db.Attempts.Where(a => a.Key == key)
                .OrderByDescending(a => a.Number)
                .Select(a => a.CleanHistory ? new FirstCall(a.TenantId, a.CampaignId, a.RecipientNumbers) : null)
                .FirstOrDefaultAsync()
        );

    /// <summary>
    /// The emulator knows one team. What a second one would not let be read is answered here; its idempotency keys have a
    /// name of their own.
    /// </summary>
    /// <returns>Null where the emulator itself answers.</returns>
    private HttpResponseMessage? OfOtherTeam(Uri url, bool other)
    {
        var last = url.Segments[^1];
        var isList = last is "emails" or "logs" or "domains";
        if (isList ? !other : other == world.OtherTeams.Exists(body => body.Contains(last, StringComparison.Ordinal)))
        {
            return null;
        }

        var response = new HttpResponseMessage(isList ? HttpStatusCode.OK : HttpStatusCode.NotFound)
        {
            Content = new StringContent(
                isList
                    ? """{"object":"list","has_more":false,"data":[]}"""
                    : """{"statusCode":404,"name":"not_found","message":"Not found."}""",
                Encoding.UTF8,
                "application/json"
            ),
        };
        response.Headers.Date = world.Scheduler.Now;
        return response;
    }

    private async Task ArriveAsync(
        int number,
        string method,
        Uri url,
        List<(string, string)> headers,
        byte[] body,
        FaultRule? rule,
        TaskCompletionSource<HttpResponseMessage> answer,
        bool other,
        CancellationToken aborted
    )
    {
        world.Emulator.Faults.Set(rule is null ? [] : [rule]);
        var call = await world.Emulator.SendAsync(method, url, headers, body, aborted);
        var reads = method == "GET";
        var lost = !reads && (world.Chance(_plan.LostAnswer) || world.Outage is "silent");
        world.Trace.Add(
            $"answer {number}: {(call.Cut ? "cut" : call.Status)}{(rule is null ? "" : $" ({rule.Describe()})")}{(lost ? " is lost" : "")}"
        );
        if (other)
        {
            world.OtherTeams.Add(Encoding.UTF8.GetString(call.Body));
        }

        if (!reads)
        {
            SimNature.Answered(world);
        }

        if (lost && _random.Next(2) == 0)
        {
            return;
        }

        world.Later(
            Way(reads),
            () =>
            {
                if (lost || call.Cut)
                {
                    answer.TrySetException(new HttpRequestException("The connection was cut."));
                    return;
                }

                var response = new HttpResponseMessage((HttpStatusCode)call.Status)
                {
                    Content = new ByteArrayContent(call.Body),
                };
                foreach (var (name, value) in call.Headers)
                {
                    response.Headers.TryAddWithoutValidation(name, value);
                }

                answer.TrySetResult(response);
            }
        );
    }

    /// <summary>Milliseconds as a rule, and up to three minutes where the wire is slow: longer than a lease.</summary>
    private TimeSpan Way(bool reads) =>
        !reads && world.Chance(_plan.SlowWire)
            ? TimeSpan.FromSeconds(_random.Next(1, 180))
            : TimeSpan.FromMilliseconds(_random.Next(1, 60));

    private FaultRule? Fault()
    {
        if (world.Outage is "failing")
        {
            return Refuse(503, "service_unavailable", _random.Next(2) == 0 ? FaultPoint.After : FaultPoint.Before);
        }

        if (!world.Chance(_plan.ProviderFault))
        {
            return null;
        }

        var point = _random.Next(2) == 0 ? FaultPoint.After : FaultPoint.Before;
        return _random.Next(16) switch
        {
            0 or 1 => Refuse(500, "application_error", point),
            2 => Refuse(503, "service_unavailable", point),
            3 or 4 => Refuse(429, "rate_limit_exceeded", FaultPoint.Before) with { RetryAfter = _random.Next(0, 5) },
            5 => Refuse(409, "resource_locked", FaultPoint.Before),
            6 => Refuse(409, "concurrent_idempotent_requests", FaultPoint.Before),
            7 => new FaultRule
            {
                Kind = FaultKind.Html,
                Point = point,
                Status = SimPlan.Pick(_random, 200, 403, 502),
            },
            8 => new FaultRule { Kind = FaultKind.Garbage, Point = FaultPoint.After },
            9 => new FaultRule { Kind = FaultKind.Cut, Point = point },
            10 => new FaultRule { Kind = FaultKind.HalfAnswer },
            11 => new FaultRule { Kind = FaultKind.Hang, Point = point },
            12 => new FaultRule
            {
                Kind = FaultKind.Slow,
                Point = point,
                DelayMilliseconds = SimPlan.Pick(_random, 5_000, 50_000, 70_000, 200_000, 900_000),
            },
            13 => new FaultRule { Kind = FaultKind.ShortAnswer, MissingIds = _random.Next(1, 3) },
            14 => new FaultRule { Kind = FaultKind.Redirect, Point = point },
            _ => _random.Next(4) switch
            {
                0 => Refuse(401, "validation_error", FaultPoint.Before) with { Message = "API key is invalid" },
                1 => Refuse(403, "suspended_api_key", FaultPoint.Before),
                2 => Refuse(429, "daily_quota_exceeded", FaultPoint.Before),
                _ => Refuse(422, "validation_error", FaultPoint.Before) with { Message = "Refused for everybody." },
            },
        };
    }

    private static FaultRule Refuse(int status, string name, FaultPoint point) =>
        new()
        {
            Kind = FaultKind.Refuse,
            Point = point,
            Status = status,
            Name = name,
        };
}
