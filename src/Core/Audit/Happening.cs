using Ledgerpost.Tenancy;

namespace Ledgerpost.Audit;

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
    ) => Exported(caller.TenantId, caller.Actor, action, targetKind, targetId, targetName, about);

    /// <param name="tenantId">Whose log tells of it; <see cref="Guid.Empty"/> for the installation's.</param>
    /// <inheritdoc cref="Exported(Caller, string, string, string, string, object)"/>
    internal static Happening Exported(
        Guid tenantId,
        Actor actor,
        string action,
        string targetKind,
        string targetId,
        string targetName,
        object? about
    ) =>
        new(tenantId, actor, action, targetKind, targetId, targetName, Reason: null, TimeSpan.FromHours(1), Many)
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
