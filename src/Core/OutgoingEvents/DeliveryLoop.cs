using System.Collections.Concurrent;
using Ledgerpost.Data;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.OutgoingEvents;

/// <summary>There may be an event to bring. Only a hint: the loop looks every second anyway.</summary>
public sealed class OutgoingEventSignal : WakeUp;

/// <summary>
/// Serves endpoints beside each other, beside the sending and apart from it: one that is slow holds up neither another
/// tenant's nor any mail.
/// </summary>
public sealed class DeliveryLoop(
    DeliverEvents deliver,
    ForgetDeliveries forget,
    OutgoingEventSignal signal,
    TimeProvider time,
    ILogger<DeliveryLoop> logger
)
{
    /// <summary>Endpoints that this process serves at one time.</summary>
    public const int MaxEndpoints = 16;

    /// <summary>Of one tenant, so that its slow ones leave room for others'.</summary>
    public const int MaxOfATenant = 4;

    private static readonly TimeSpan Nap = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<DueEndpoint, Task> _served = new();
    private bool _recovered;

    public async Task RunAsync(CancellationToken stopping)
    {
        // Beside the serving: neither waits for the other to have nothing to do.
        await Task.WhenAll(
            Loop.RunAsync(RunOnceAsync, _ => Task.FromResult(Nap), signal, time, logger, stopping),
            Loop.ForgetAsync(forget.RunOnceAsync, time, logger, stopping)
        );
        await Task.WhenAll(_served.Values);
    }

    private async Task<bool> RunOnceAsync(CancellationToken stopping)
    {
        if (!_recovered)
        {
            // Here, so that it is tried again where the database fails; until then nothing is served.
            await deliver.RecoverAsync(stopping);
            _recovered = true;
        }

        if (_served.Count < MaxEndpoints)
        {
            foreach (var due in await deliver.DueAsync(stopping))
            {
                if (_served.Count >= MaxEndpoints)
                {
                    break;
                }

                if (!_served.ContainsKey(due) && _served.Keys.Count(one => one.TenantId == due.TenantId) < MaxOfATenant)
                {
                    // There before it begins, so that it finds itself when it is over.
                    _served[due] = Task.CompletedTask;
                    _served.TryUpdate(due, ServeAsync(due, stopping), Task.CompletedTask);
                }
            }
        }

        return false;
    }

    private async Task ServeAsync(DueEndpoint due, CancellationToken stopping)
    {
        var made = 0;
        try
        {
            // The loop goes on at once.
            await Task.Yield();
            made = await deliver.ServeAsync(due, stopping);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.LogError(exception, "Endpoint {EndpointId} could not be served; its lease runs out.", due.Id);
        }
        catch (OperationCanceledException)
        {
            // The host stops: what was not begun is begun another time.
        }
        finally
        {
            _served.TryRemove(due, out _);
            if (made > 0)
            {
                signal.RaiseHere();
            }
        }
    }
}
