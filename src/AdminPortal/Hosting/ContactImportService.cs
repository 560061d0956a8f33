using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;

namespace AdminPortal.Hosting;

/// <summary>Runs imports one after the other, and waits for the next one.</summary>
internal sealed class ContactImportService(
    ContactImporter importer,
    ImportSignal signal,
    TimeProvider time,
    ILogger<ContactImportService> logger
) : BackgroundService
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan WatchInterval = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(
            WorkAsync(stoppingToken),
            // Beside the work: an import that takes an hour is still there.
            Loop.EveryAsync(() => WatchInterval, importer.WatchAsync, time, logger, stoppingToken)
        );

    private async Task WorkAsync(CancellationToken stoppingToken)
    {
        // The work is synchronous underneath; the host must not wait for it to start.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var finished = await importer.RunOnceAsync(stoppingToken);
                if (finished > 0)
                {
                    logger.LogInformation("{Imports} contact imports finished", finished);
                }

                await signal.WaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                logger.LogError(failure, "Contact imports stopped; tried again in {Pause}", AfterFailure);
                await Task.Delay(AfterFailure, time, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
