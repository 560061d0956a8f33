using Ledgerpost.Data;
using Ledgerpost.Programs;

namespace AdminPortal.Hosting;

/// <summary>Once an hour, lets go of the records of requests whose 72 hours are over.</summary>
public sealed class ForgetRequestsService(
    ForgetRequests forget,
    TimeProvider time,
    ILogger<ForgetRequestsService> logger
) : BackgroundService
{
    private static readonly TimeSpan Rest = TimeSpan.FromHours(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Loop.RunAsync(
            async token => await forget.RunOnceAsync(token) == ForgetRequests.AtOnce,
            _ => Task.FromResult(Rest),
            new NeverRaised(),
            time,
            logger,
            stoppingToken
        );
}
