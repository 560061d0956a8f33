using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Outbox;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// Rule 16, beside the clock itself: keeps its mark and the installation's stamp, asks the provider for its time when
/// nothing else does, and says when the clocks contradict each other and when they agree again.
/// </summary>
public sealed class WatchClocks(
    PortalDb db,
    StampFile file,
    IProviderReader reader,
    ProviderAccounts accounts,
    SendingOptions options,
    ILogger<WatchClocks> logger
)
{
    /// <summary>
    /// How often the mark is stored. A clock set back across a restart can lengthen a window by this much; the margin is at
    /// least ten minutes.
    /// </summary>
    public static readonly TimeSpan MarkEvery = TimeSpan.FromSeconds(60);

    /// <summary>While mail goes out: what an older database may lack without showing it.</summary>
    public static readonly TimeSpan StampEvery = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan CompareEvery = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan CompareAgain = TimeSpan.FromSeconds(30);

    /// <summary>Longer than any pause and any lease of ours.</summary>
    internal static readonly TimeSpan NoPauseIsLonger = TimeSpan.FromHours(2);

    /// <summary>And than it is until the next try of a delivery, or the next look at a domain.</summary>
    private static readonly TimeSpan NoWaitIsLonger = TimeSpan.FromHours(12);

    private readonly long _started = db.Time.GetTimestamp();
    private TimeSpan? _stored;
    private TimeSpan? _compared;
    private ClockDisagreement? _said;

    private TimeSpan Elapsed => db.Time.GetElapsedTime(_started);

    public Task RunAsync(CancellationToken stopping) =>
        Loop.EveryAsync(() => StampEvery, RunOnceAsync, db.Time, logger, stopping);

    public async Task RunOnceAsync(CancellationToken cancellation)
    {
        var disagreement = db.Time.Disagreement();
        if (
            _compared is null
            || Elapsed - _compared >= (disagreement is null && !db.Time.MayNotForget() ? CompareEvery : CompareAgain)
            || (disagreement is not null && _said is null)
        )
        {
            await CompareAsync(cancellation);
        }

        await SayAsync(cancellation);
        if (_stored is null || Elapsed - _stored >= MarkEvery || await SendingAsync(cancellation))
        {
            await StoreAsync(cancellation);
        }
    }

    /// <summary>Any answer carries the provider's time, a refusal too.</summary>
    public async Task CompareAsync(CancellationToken cancellation)
    {
        _compared = Elapsed;
        var account = await accounts.CurrentAsync(cancellation);
        if (await reader.GetAsync(account.BaseUrl, "/emails?limit=1", cancellation) is ProviderAnswer.Http answer)
        {
            db.Time.ObserveProvider(answer.Headers.Date);
        }
    }

    /// <summary>The database first, then the file: it can only be behind.</summary>
    public async Task StoreAsync(CancellationToken cancellation)
    {
        long? mark = (db.Time as EffectiveTime)?.Mark is { } latest ? InstantConverter.ToMicroseconds(latest) : null;
        var stamp = await db.WriteAsync(
            TenantScope.None,
            async (context, token) =>
                (
                    await context.ListAsync(
                        $"""
                        UPDATE "Installation"
                        SET "Stamp" = "Stamp" + 1,
                            "ClockMark" = CASE
                                WHEN "ClockMark" IS NULL OR "ClockMark" < {mark} THEN {mark} ELSE "ClockMark" END
                        RETURNING "Stamp", "Epoch"
                        """,
                        row => new Stamp(row.GetInt64(0), row.GetInt32(1)),
                        token
                    )
                ).Single(),
            cancellation
        );
        file.Write(stamp);
        _stored = Elapsed;
    }

    private Task<bool> SendingAsync(CancellationToken cancellation) =>
        db.ReadRowsAsync(
            TenantScope.Installation,
            context =>
                context.AnyAsync($"""SELECT 1 FROM "Campaigns" WHERE "Status" = 'Sending' LIMIT 1""", cancellation)
        );

    private async Task SayAsync(CancellationToken cancellation)
    {
        var now = db.Time.Disagreement();
        if (now?.Fault == _said?.Fault)
        {
            return;
        }

        if (now is null)
        {
            logger.LogWarning("The clocks agree again; what is in doubt is repeated again.");
            await ForgetTheFutureAsync(cancellation);
        }
        else
        {
            db.Safety.Fired(SafetyMechanism.ClocksContradict);
            logger.LogCritical(
                "The clocks contradict each other: {Fault} by {By}. Nothing in doubt is repeated until they agree.",
                now.Fault,
                now.By
            );
        }

        _said = now;
    }

    /// <summary>
    /// A pause or a lease written by a clock that was ahead would last until that instant comes. An endpoint's are over by
    /// themselves (<see cref="OutgoingEvents.DeliverEvents"/>).
    /// </summary>
    private Task ForgetTheFutureAsync(CancellationToken cancellation) =>
        db.WriteAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                var now = db.Time.GetUtcNow();
                var far = now + NoPauseIsLonger;
                await context
                    .Chunks.Where(chunk => chunk.NotBefore > far)
                    .ExecuteUpdateAsync(set => set.SetProperty(chunk => chunk.NotBefore, (DateTimeOffset?)null), token);
                await context
                    .Chunks.Where(chunk => chunk.LeaseEnds > far)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(
                                chunk => chunk.LeaseEnds,
                                (DateTimeOffset?)(now + TimeSpan.FromSeconds(options.LeaseSeconds))
                            ),
                        token
                    );
                await context
                    .ProviderAccounts.Where(account => account.NotBefore > far)
                    .ExecuteUpdateAsync(
                        set => set.SetProperty(account => account.NotBefore, (DateTimeOffset?)null),
                        token
                    );
                await ForgetWaitsAsync(context, now, token);
            },
            cancellation
        );

    /// <summary>The same beside the campaigns: events, domains, the portal's own mails, and who has an upload.</summary>
    private static async Task ForgetWaitsAsync(
        PortalDbContext context,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var (far, farther) = (now + NoPauseIsLonger, now + NoWaitIsLonger);
        await context
            .EventDeliveries.Where(row => row.State == DeliveryState.Waiting && row.NotBefore > farther)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.NotBefore, now), cancellation);
        await context
            .WebhookMessages.Where(row => row.NotBefore > farther)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.NotBefore, now), cancellation);
        await context
            .SendingDomains.Where(row => row.NextCheckAt > farther)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.NextCheckAt, now), cancellation);
        await context
            .ContactImports.Where(row => (row.AliveAt ?? row.CreatedAt) > far)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.AliveAt, now), cancellation);
        await context
            .AccountMails.Where(row => row.State == AccountMailState.Waiting && row.NotBefore > far)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.NotBefore, now), cancellation);
        // Nor is it repeated for longer: what was tried may be forgotten by the provider before that instant, and is given up.
        var last = now + AccountMailer.LongestTry;
        var late = context.AccountMails.Where(row => row.State == AccountMailState.Waiting && row.ExpiresAt > last);
        await late.Where(row => row.Tries > 0)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.ExpiresAt, now), cancellation);
        await late.Where(row => row.Tries == 0)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.ExpiresAt, last), cancellation);
    }
}
