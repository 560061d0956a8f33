using System.Net;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using ResendEmulator.Faults;
using ResendEmulator.Hosting;

namespace UnitTests.Simulation;

/// <summary>One POST whose body was written: what a provider could see of it, whether it arrived or not.</summary>
/// <param name="Call">By its newest attempt; null where the database knows of none.</param>
/// <param name="Deleted">Who was deleted and not added again, when it went out.</param>
/// <param name="IntentBegan">The world's step at which its intent had not begun yet.</param>
internal sealed record WirePost(
    string Key,
    string Hash,
    DateTimeOffset At,
    int Portal,
    SimTeam Team,
    WireCall? Call,
    long IntentBegan,
    IReadOnlyDictionary<(Guid Tenant, string Email), long> Deleted
)
{
    /// <summary>Where it is the first of its key; null for a repeat.</summary>
    public WireCall? First => Call is { IsFirst: true } ? Call : null;
}

/// <param name="LeftAt">Since which step the account was surely left, when it went out; null where it was not.</param>
internal sealed record WireCall(
    Guid Tenant,
    Guid Campaign,
    string Recipients,
    Guid Account,
    bool IsFirst,
    long? LeftAt = null
);

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
        var team = world.TeamOf(request.Headers.Authorization?.Parameter);
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
                    team,
                    CallOf(key, team),
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
            $"request {number} {request.Method} {request.RequestUri!.AbsolutePath} {key} {hash[..8]} at {team.Name}{(lost ? " is lost" : "")}"
        );
        if (lost)
        {
            if (_random.Next(2) == 0)
            {
                world.Later(way, () => answer.TrySetException(new HttpRequestException("Connection refused.")));
            }

            return;
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
                            team,
                            aborted
                        ),
                    world.Fail
                )
        );
    }

    /// <summary>Where there is a newer attempt than this call's, it is a repeat, and nothing is asked of it.</summary>
    private WireCall? CallOf(string key, SimTeam team)
    {
        var call = world.Look(db =>
            db.Attempts.Where(a => a.Key == key)
                .OrderByDescending(a => a.Number)
                .Select(a => new WireCall(
                    a.TenantId,
                    a.CampaignId,
                    a.RecipientNumbers,
                    a.AccountId,
                    a.CleanHistory,
                    null
                ))
                .FirstOrDefaultAsync()
        );
        if (call is null || !world.OwnTeams.Contains(team))
        {
            return call;
        }

        world.Saw(SimDeed.OwnMail);
        if (!world.LeftAccounts.TryGetValue(call.Account, out var left))
        {
            return call;
        }

        if (!call.IsFirst)
        {
            world.Saw(SimDeed.RepeatedAtLeftAccount);
        }

        return call with
        {
            LeftAt = left,
        };
    }

    private async Task ArriveAsync(
        int number,
        string method,
        Uri url,
        List<(string, string)> headers,
        byte[] body,
        FaultRule? rule,
        TaskCompletionSource<HttpResponseMessage> answer,
        SimTeam team,
        CancellationToken aborted
    )
    {
        team.Emulator.Faults.Set(rule is null ? [] : [rule]);
        var call = await team.Emulator.SendAsync(method, url, headers, body, aborted);
        var reads = !headers.Exists(header => header.Item1 == "Idempotency-Key");
        var lost = !reads && (world.Chance(_plan.LostAnswer) || world.Outage is "silent");
        world.Trace.Add(
            $"answer {number}: {(call.Cut ? "cut" : call.Status)}{(rule is null ? "" : $" ({rule.Describe()})")}{(lost ? " is lost" : "")}"
        );
        if (!reads)
        {
            SimNature.Answered(world, team);
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
