using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Sending;

namespace AdminPortal.Hosting;

/// <summary>Looks up who asked for another password, and sends the portal's own mails.</summary>
public sealed class AccountMailService(
    AnswerResetRequests answer,
    DeliverAccountMail deliver,
    AccountMailer mailer,
    AccountMailSignal signal,
    TimeProvider time,
    ILogger<AccountMailService> logger
) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        mailer.IsOn
            ? Loop.RunAsync(
                async token => await answer.RunOnceAsync(token) || await deliver.RunOnceAsync(token),
                deliver.NapAsync,
                signal,
                time,
                logger,
                stoppingToken
            )
            : Task.CompletedTask;
}
