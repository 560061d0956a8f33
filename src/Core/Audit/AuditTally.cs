using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Audit;

/// <summary>
/// Writes what may happen without end, so that nobody fills a log with it: the first few of an hour or a day each by
/// themselves, then the 100th, the 1,000th and so on, and how many there were once the time is over.
/// </summary>
/// <remarks>
/// Counted in memory, by each instance: a process that is killed loses how often, never that it happened. As many counts
/// as actors and things they may ask for; whoever is nobody shares one.
/// </remarks>
public sealed class AuditTally(PortalDb portal)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TallyKey, Count> _counts = [];

    /// <returns>Whether it was written now.</returns>
    public async Task<bool> NoteAsync(Happening one, CancellationToken cancellation)
    {
        var since = Start(portal.Time.GetUtcNow(), one.Window);
        Count? over = null;
        Count count;
        long times;
        lock (_lock)
        {
            if (_counts.TryGetValue(one.Key, out var known) && known.Since != since)
            {
                _counts.Remove(one.Key);
                over = known;
            }

            if (!_counts.TryGetValue(one.Key, out count!))
            {
                _counts[one.Key] = count = new Count(since);
            }

            times = ++count.Times;
            count.Last = one;
        }

        if (over is not null)
        {
            await CloseAsync(over, cancellation);
        }

        if (!Stands(times, one.Singly))
        {
            return false;
        }

        await WriteAsync(one, times, since, cancellation);
        lock (_lock)
        {
            count.Written = Math.Max(count.Written, times);
        }

        return true;
    }

    /// <summary>Writes how many there were where the hour or the day is over, and at the end of the process of all.</summary>
    public async Task CloseAsync(bool all, CancellationToken cancellation)
    {
        var now = portal.Time.GetUtcNow();
        List<Count> over;
        lock (_lock)
        {
            var keys = _counts.Where(pair => all || pair.Value.Since != Start(now, pair.Key.Window)).ToList();
            over = keys.ConvertAll(pair => pair.Value);
            keys.ForEach(pair => _counts.Remove(pair.Key));
        }

        foreach (var count in over)
        {
            await CloseAsync(count, cancellation);
        }
    }

    /// <summary>Whether the so many-th is written by itself.</summary>
    internal static bool Stands(long times, int singly)
    {
        if (times <= singly)
        {
            return true;
        }

        while (times >= 1000 && times % 10 == 0)
        {
            times /= 10;
        }

        return times == 100;
    }

    private Task CloseAsync(Count count, CancellationToken cancellation) =>
        count.Times > count.Written
            ? WriteAsync(count.Last!, count.Times, count.Since, cancellation)
            : Task.CompletedTask;

    private Task<bool> WriteAsync(Happening one, long times, DateTimeOffset since, CancellationToken cancellation) =>
        portal.WriteBesideOthersAsync(
            one.TenantId == Guid.Empty ? TenantScope.Installation : TenantScope.For(one.TenantId),
            async (db, token) =>
            {
                // The log of a deleted organisation is closed, and stays without names.
                if (
                    one.TenantId != Guid.Empty
                    && !await db.Tenants.Living().AnyAsync(tenant => tenant.Id == one.TenantId, token)
                )
                {
                    return false;
                }

                await AuditLog.AppendAsync(
                    db,
                    one.TenantId,
                    one.Actor,
                    portal.Time.GetUtcNow(),
                    one.Action,
                    one.TargetKind,
                    one.TargetId,
                    one.TargetName,
                    one.Details(times, since),
                    token
                );
                return true;
            },
            cancellation
        );

    /// <summary>When the hour or the day began.</summary>
    internal static DateTimeOffset Start(DateTimeOffset now, TimeSpan window) =>
        new(now.UtcTicks - (now.UtcTicks % window.Ticks), TimeSpan.Zero);

    private sealed class Count(DateTimeOffset since)
    {
        public DateTimeOffset Since => since;
        public long Times { get; set; }
        public long Written { get; set; }
        public Happening? Last { get; set; }
    }
}

/// <summary>By what is counted: who, and what was asked for.</summary>
internal sealed record TallyKey(Guid TenantId, string Action, Guid? ActorId, string TargetId, TimeSpan Window);

/// <summary>What is counted (<see cref="AuditTally"/>).</summary>
/// <param name="TenantId">Whose log; <see cref="Guid.Empty"/> for the installation's.</param>
/// <param name="Reason">As the log writes it; null where the action says it.</param>
/// <param name="Window">Within which it is counted: an hour or a day, by the clock of UTC.</param>
/// <param name="Singly">So many of one window are entries of their own.</param>
public sealed record Happening(
    Guid TenantId,
    Actor Actor,
    string Action,
    string TargetKind,
    string TargetId,
    string TargetName,
    string? Reason,
    TimeSpan Window,
    int Singly
)
{
    /// <summary>More of them in an hour are no mistake any more.</summary>
    internal const int Few = 10;

    internal TallyKey Key => new(TenantId, Action, Actor.UserId, TargetId, Window);

    /// <summary>A command that was refused.</summary>
    /// <param name="asked">The use case's work, or another delegate within it.</param>
    internal static Happening Denied(Denial denial, Delegate asked) => Denied(denial, UseCaseOf(asked));

    /// <inheritdoc cref="Denied(Denial, Delegate)"/>
    /// <param name="useCase">Its class.</param>
    internal static Happening Denied(Denial denial, string useCase) =>
        new(
            denial.TenantId,
            denial.Actor,
            "command.denied",
            "command",
            useCase,
            Words(useCase),
            denial.Reason,
            TimeSpan.FromHours(1),
            Few
        );

    /// <summary>A program's request that was refused at the door.</summary>
    /// <param name="route">The name of the operation in the API's document.</param>
    /// <param name="reason">As the log writes it.</param>
    public static Happening RequestDenied(Guid tenantId, Actor actor, string route, string reason) =>
        new(tenantId, actor, "request.denied", "request", route, Words(route), reason, TimeSpan.FromHours(1), Few);

    /// <summary>A key that was shown: each day once, and how often.</summary>
    internal static Happening KeyUsed(Guid tenantId, Actor actor, string kind) =>
        new(
            tenantId,
            actor,
            kind + ".used",
            kind,
            actor.UserId.ToString()!,
            actor.Name,
            Reason: null,
            TimeSpan.FromDays(1),
            Singly: 1
        );

    /// <summary>A key that was revoked before, and was shown.</summary>
    internal static Happening KeyRefused(Guid tenantId, Actor actor, string kind) =>
        new(
            tenantId,
            actor,
            kind + ".refused",
            kind,
            actor.UserId.ToString()!,
            actor.Name,
            "revoked",
            TimeSpan.FromHours(1),
            Few
        );

    /// <summary>A sign-in with a name that nobody has.</summary>
    internal static Happening SignInOfNobody(string typed, string? from) =>
        new(
            Guid.Empty,
            new Actor(ActorKind.User, null, "Somebody", from),
            "account.sign_in_failed",
            "account",
            "",
            typed,
            "unknown",
            TimeSpan.FromHours(1),
            Few
        );

    internal object Details(long times, DateTimeOffset since)
    {
        var details = new Dictionary<string, object>(StringComparer.Ordinal);
        if (Reason is not null)
        {
            details["reason"] = Reason;
        }

        if (times > Singly)
        {
            details["times"] = times;
            details["since"] = since;
        }

        return details;
    }

    /// <summary>A lambda's class is its use case's, or one that the compiler made within it.</summary>
    private static string UseCaseOf(Delegate asked)
    {
        var type = asked.Method.DeclaringType!;
        while (type.Name.Contains('<', StringComparison.Ordinal) && type.DeclaringType is { } outer)
        {
            type = outer;
        }

        return type.Name.Split('`')[0];
    }

    private static string Words(string name) =>
        string.Concat(name.Select((letter, i) => char.IsUpper(letter) && i > 0 ? $" {letter}" : $"{letter}"))
            .ToLowerInvariant();
}
