using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace AdminPortal.Tenancy;

/// <summary>What everybody must know of the installation as a whole, in sentences over every page.</summary>
public sealed class InstallationNotices(PortalDb portal)
{
    public async Task<IReadOnlyList<string>> ReadAsync(CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.None);
        var hold = await db.Installation.Select(row => row.Hold).SingleOrDefaultAsync(cancellation);
        var notices = new List<string>();
        if (hold is { } reason)
        {
            notices.Add($"{OfHold(reason)} An operator decides on the page “Sending” when it goes on.");
        }

        if (portal.Time.Disagreement() is { } clocks)
        {
            notices.Add(OfClocks(clocks));
        }

        return notices;
    }

    public static string OfHold(HoldReason reason) =>
        reason switch
        {
            HoldReason.Restored =>
                "All sending is paused: a backup was restored, and mail may have gone out since it was made.",
            HoldReason.RolledBack =>
                "All sending is paused: this database is older than what was seen of it before, and mail may have gone out since.",
            _ => "All sending is paused: this looks like a copy of another installation, or one that has moved.",
        };

    public static string OfClocks(ClockDisagreement clocks)
    {
        var by = Span(clocks.By.Duration());
        return clocks.Fault switch
        {
            ClockFault.JumpedAhead =>
                $"The clock of this machine jumped ahead by {by}. Nothing is sent until the provider's clock agrees with it or it is set right; then this goes on by itself.",
            ClockFault.SetBack =>
                $"The clock of this machine was set back by {by}. Mail in doubt is not repeated until the clock is right again; then this goes on by itself. Everything else is sent.",
            _ =>
                $"The clock of this machine and the provider's are {by} apart. Mail in doubt is not repeated until they agree again; then this goes on by itself. Everything else is sent.",
        };
    }

    private static string Span(TimeSpan span) =>
        span.TotalHours >= 48 ? FormattableString.Invariant($"{span.TotalDays:0} days")
        : span.TotalMinutes >= 120 ? FormattableString.Invariant($"{span.TotalHours:0} hours")
        : FormattableString.Invariant($"{span.TotalMinutes:0} minutes");
}
