using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Audit;

/// <summary>
/// Writes what may happen without end, so that nobody fills a log with it: the first few of an hour or a day each by
/// themselves, then the 100th, the 1,000th and so on, and how many there were once the time is over.
/// </summary>
/// <remarks>
/// Counted in memory, by each instance: a process that is killed loses how often. What could not be written is kept, and
/// written with the next one or within a minute; where the commit was in doubt, it may then stand there twice. As many
/// counts as actors and things they may ask for; whoever is nobody shares one.
/// </remarks>
public sealed class AuditTally(PortalDb portal, ILogger logger)
{
    /// <summary>So many counts of one log share a transaction.</summary>
    internal const int AtOnce = 200;

    /// <summary>
    /// So long a request waits for its entry; the entry goes on by itself. By the process's own clock: somebody is waiting.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<(TallyKey Key, DateTimeOffset Since), Count> _counts = [];

    /// <summary>Never throws: what is answered, be it a refusal, does not depend on whether it can be written now.</summary>
    /// <returns>Whether it was written now.</returns>
    public async Task<bool> NoteAsync(Happening one)
    {
        try
        {
            return await DemandAsync(one).WaitAsync(Patience, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            logger.LogWarning("An entry {Action} is still waiting for its log; the request goes on.", one.Action);
        }
        catch (Exception failure)
        {
            logger.LogError(failure, "An entry {Action} could not be written, and is tried again.", one.Action);
        }

        return false;
    }

    /// <summary>For what must not happen unless its entry, where it gets one, is durable.</summary>
    /// <returns>Whether it was written now.</returns>
    public async Task<bool> DemandAsync(Happening one)
    {
        var since = Start(portal.Time.GetUtcNow(), one.Window);
        Claim? claim = null;
        bool endsOne;
        lock (_lock)
        {
            endsOne = _counts.ContainsKey((one.Key, since - one.Window));
            if (!_counts.TryGetValue((one.Key, since), out var count))
            {
                _counts[(one.Key, since)] = count = new Count(one.Key, since);
            }

            count.Times++;
            count.Last = one;
            if (count.Missed || Stands(count.Times, one.Singly))
            {
                claim = count.Take();
            }
        }

        if (endsOne)
        {
            await CloseAsync(count => count.Key == one.Key && count.Since < since, CancellationToken.None);
        }

        if (claim is null)
        {
            return false;
        }

        await WriteAsync([claim], CancellationToken.None);
        return true;
    }

    /// <summary>
    /// Writes how many there were where the hour or the day is over, what could not be written before, and at the end of
    /// the process all.
    /// </summary>
    /// <exception cref="OperationCanceledException">What is not written yet is kept.</exception>
    public Task CloseAsync(bool all, CancellationToken cancellation)
    {
        var now = portal.Time.GetUtcNow();
        return CloseAsync(count => all || count.Missed || count.IsOver(now), cancellation);
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

    private async Task CloseAsync(Predicate<Count> which, CancellationToken cancellation)
    {
        var now = portal.Time.GetUtcNow();
        List<Count> due;
        lock (_lock)
        {
            due = [.. _counts.Values.Where(count => which(count))];
            due.ForEach(count => Forget(count, now));
            due.RemoveAll(count => !count.IsDue);
        }

        // One that failed goes alone, so that it keeps nobody else out.
        var batches = due.GroupBy(count => count.Key.TenantId)
            .SelectMany(log =>
                log.Where(count => !count.Missed)
                    .Chunk(AtOnce)
                    .Concat(log.Where(count => count.Missed).Select(count => new[] { count }))
            )
            .ToList();
        foreach (var batch in batches)
        {
            cancellation.ThrowIfCancellationRequested();
            List<Claim> claims;
            lock (_lock)
            {
                claims = [.. batch.Where(count => count.IsDue).Select(count => count.Take())];
            }

            try
            {
                await WriteAsync(claims, cancellation);
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                logger.LogError(failure, "{Count} counts could not be written, and are tried again.", claims.Count);
            }
        }
    }

    /// <param name="claims">Of one log.</param>
    private async Task WriteAsync(IReadOnlyList<Claim> claims, CancellationToken cancellation)
    {
        if (claims.Count == 0)
        {
            return;
        }

        var written = false;
        try
        {
            await AppendAsync(claims[0].One.TenantId, claims, cancellation);
            written = true;
        }
        finally
        {
            var now = portal.Time.GetUtcNow();
            lock (_lock)
            {
                foreach (var claim in claims)
                {
                    claim.Count.Settle(written);
                    Forget(claim.Count, now);
                }
            }
        }
    }

    private Task AppendAsync(Guid tenantId, IReadOnlyList<Claim> claims, CancellationToken cancellation) =>
        portal.WriteBesideOthersAsync(
            tenantId == Guid.Empty ? TenantScope.Installation : TenantScope.For(tenantId),
            async (db, token) =>
            {
                // The log of a deleted organisation is closed, and stays without names.
                if (tenantId != Guid.Empty && !await db.Tenants.Living().AnyAsync(row => row.Id == tenantId, token))
                {
                    return false;
                }

                foreach (var (count, one, times, again) in claims)
                {
                    await AuditLog.AppendAsync(
                        db,
                        tenantId,
                        one.Actor,
                        portal.Time.GetUtcNow(),
                        one.Action,
                        one.TargetKind,
                        one.TargetId,
                        one.TargetName,
                        one.Details(times, count.Since, again),
                        token
                    );
                }

                return true;
            },
            cancellation
        );

    /// <summary>Under the lock: it is over, and all of it is written.</summary>
    private void Forget(Count count, DateTimeOffset now)
    {
        if (count.IsOver(now) && count.IsSettled)
        {
            _counts.Remove((count.Key, count.Since));
        }
    }

    /// <summary>When the hour or the day began.</summary>
    internal static DateTimeOffset Start(DateTimeOffset now, TimeSpan window) =>
        new(now.UtcTicks - (now.UtcTicks % window.Ticks), TimeSpan.Zero);

    /// <summary>What one transaction says: taken under the lock, so that no other one says it too.</summary>
    private sealed record Claim(Count Count, Happening One, long Times, bool Again);

    /// <summary>Touched only under the lock.</summary>
    private sealed class Count(TallyKey key, DateTimeOffset since)
    {
        private long _taken;
        private int _writing;

        public TallyKey Key => key;
        public DateTimeOffset Since => since;
        public long Times { get; set; }
        public Happening? Last { get; set; }

        /// <summary>Something of it could not be written.</summary>
        public bool Missed { get; private set; }

        public bool IsDue => Missed || Times > _taken;
        public bool IsSettled => !IsDue && _writing == 0;

        public bool IsOver(DateTimeOffset now) => since != Start(now, key.Window);

        public Claim Take()
        {
            var claim = new Claim(this, Last!, Times, Missed);
            _taken = Times;
            Missed = false;
            _writing++;
            return claim;
        }

        public void Settle(bool written)
        {
            _writing--;
            Missed |= !written;
        }
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
    /// <summary>What the entries that stand by themselves say of it; a sum is of many that differ.</summary>
    public object? About { get; init; }

    /// <summary>More of them in an hour are no mistake any more.</summary>
    internal const int Few = 10;

    /// <summary>More files in an hour are taken by something that repeats itself.</summary>
    internal const int Many = 100;

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

    /// <summary>A file that somebody takes: what is in it leaves the portal.</summary>
    internal static Happening Exported(
        Caller caller,
        string action,
        string targetKind,
        string targetId,
        string targetName,
        object? about
    ) =>
        new(
            caller.Scope.TenantId,
            caller.Actor,
            action,
            targetKind,
            targetId,
            targetName,
            Reason: null,
            TimeSpan.FromHours(1),
            Many
        )
        {
            About = about,
        };

    /// <param name="again">It failed before, and so it may stand for several.</param>
    internal object? Details(long times, DateTimeOffset since, bool again)
    {
        if (times <= Singly && !again && Reason is null)
        {
            return About ?? new { };
        }

        var details = new Dictionary<string, object>(StringComparer.Ordinal);
        if (Reason is not null)
        {
            details["reason"] = Reason;
        }

        if (times > Singly || again)
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
