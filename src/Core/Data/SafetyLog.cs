using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ledgerpost.Data;

/// <param name="Count">Since the start of this process.</param>
/// <param name="Last">Null when it has not fired.</param>
public sealed record SafetyCount(SafetyMechanism Mechanism, string Name, long Count, DateTimeOffset? Last);

/// <summary>
/// Counts, per database, how often each mechanism of docs/safety.md was needed: in a meter for whoever collects such
/// things, and here for a page. Nothing is counted where all goes well. It never throws.
/// </summary>
public sealed class SafetyLog : IDisposable
{
    public const string MeterName = "Ledgerpost.Safety";
    public const string InstrumentName = "ledgerpost.safety.fired";
    public const string Tag = "mechanism";

    private static readonly FrozenDictionary<SafetyMechanism, string> Names = Enum.GetValues<SafetyMechanism>()
        .ToFrozenDictionary(
            mechanism => mechanism,
            mechanism => JsonNamingPolicy.SnakeCaseLower.ConvertName(mechanism.ToString())
        );

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Meter _meter;
    private readonly Counter<long> _counter;
    private readonly long[] _counts = new long[Names.Count];

    private long _unheard;

    // In ticks of UTC; 0 is never.
    private readonly long[] _last = new long[Names.Count];

    public SafetyLog(TimeProvider time, ILogger<SafetyLog>? logger = null)
    {
        _time = time;
        _logger = logger ?? NullLogger<SafetyLog>.Instance;
        // The scope tells the instruments of several databases in one process apart.
        _meter = new Meter(new MeterOptions(MeterName) { Scope = this });
        _counter = _meter.CreateCounter<long>(
            InstrumentName,
            description: "How often a mechanism kept a mail from being sent twice or lost."
        );
    }

    internal ILogger Logger => _logger;

    /// <summary>Stable, in lower case with underscores: <c>intent_window_over</c>.</summary>
    public static string NameOf(SafetyMechanism mechanism) => Names[mechanism];

    /// <param name="about">
    /// Written to the log at Warning behind the mechanism's name; null where whoever calls has written a line of its own.
    /// Never an address or a key of the provider.
    /// </param>
    public void Fired(SafetyMechanism mechanism, object? about = null)
    {
        var index = (int)mechanism;
        if (index < 0 || index >= _counts.Length)
        {
            return;
        }

        Interlocked.Increment(ref _counts[index]);
        try
        {
            Volatile.Write(ref _last[index], _time.GetUtcNow().UtcTicks);
            _counter.Add(1, new KeyValuePair<string, object?>(Tag, Names[mechanism]));
            if (about is not null)
            {
                _logger.LogWarning("Safety mechanism {Mechanism} fired: {About}", Names[mechanism], about);
            }
        }
        catch (Exception)
        {
            // Somebody's listener or log failed. That a mechanism has held must not become a fault of its own.
            Interlocked.Increment(ref _unheard);
        }
    }

    public long CountOf(SafetyMechanism mechanism) => Interlocked.Read(ref _counts[(int)mechanism]);

    /// <summary>How often a listener or the log failed; what was to be told is in the counts.</summary>
    public long Unheard => Interlocked.Read(ref _unheard);

    /// <summary>All of them, in the order of the list, also those that have never fired.</summary>
    public IReadOnlyList<SafetyCount> Read() =>
        [
            .. Enum.GetValues<SafetyMechanism>()
                .Select(mechanism => new SafetyCount(
                    mechanism,
                    Names[mechanism],
                    CountOf(mechanism),
                    Volatile.Read(ref _last[(int)mechanism]) is var ticks and > 0
                        ? new DateTimeOffset(ticks, TimeSpan.Zero)
                        : null
                )),
        ];

    public void Dispose() => _meter.Dispose();
}
