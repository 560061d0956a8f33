using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Programs;

namespace AdminPortal.Hosting;

/// <summary>Once an hour, lets go of the records of requests whose 72 hours are over, and of the portal's own mails of a month ago.</summary>
public sealed class ForgetRequestsService(
    ForgetRequests forget,
    ForgetAccountMails forgetMails,
    TimeProvider time,
    ILogger<ForgetRequestsService> logger
) : BackgroundService
{
    private static readonly TimeSpan Rest = TimeSpan.FromHours(1);
    private static readonly TimeSpan UntilTheClockIsSure = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Loop.RunAsync(
            async token =>
                await forget.RunOnceAsync(token) >= ForgetRequests.AtOnce | await forgetMails.RunOnceAsync(token),
            _ => Task.FromResult(time.MayNotForget() ? UntilTheClockIsSure : Rest),
            new NeverRaised(),
            time,
            logger,
            stoppingToken
        );
}
