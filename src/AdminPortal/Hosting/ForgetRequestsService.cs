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
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(
            Loop.ForgetAsync(ForgetRecordsAsync, time, logger, stoppingToken),
            Loop.ForgetAsync(forgetLines.RunOnceAsync, time, logger, stoppingToken)
        );

    private async Task ForgetRecordsAsync(CancellationToken stopping)
    {
        bool more;
        do
        {
            more =
                await forget.RunOnceAsync(stopping) >= ForgetRequests.AtOnce | await forgetMails.RunOnceAsync(stopping);
        } while (more);
    }
}
