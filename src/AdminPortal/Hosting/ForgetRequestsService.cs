using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Programs;

namespace AdminPortal.Hosting;

/// <summary>
/// Once an hour, lets go of the records of requests whose 72 hours are over, of the portal's own mails of a month ago, and of
/// the lines of imports of three months ago.
/// </summary>
public sealed class ForgetRequestsService(
    ForgetRequests forget,
    ForgetAccountMails forgetMails,
    ForgetImportLines forgetLines,
    TimeProvider time,
    ILogger<ForgetRequestsService> logger
) : BackgroundService
{
    private static readonly TimeSpan Rest = TimeSpan.FromHours(1);
    private static readonly TimeSpan UntilTheClockIsSure = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Loop.RunAsync(
            async token =>
            {
                var more =
                    await forget.RunOnceAsync(token) >= ForgetRequests.AtOnce | await forgetMails.RunOnceAsync(token);
                await forgetLines.RunOnceAsync(token);
                return more;
            },
            _ => Task.FromResult(time.MayNotForget() ? UntilTheClockIsSure : Rest),
            new NeverRaised(),
            time,
            logger,
            stoppingToken
        );
}
