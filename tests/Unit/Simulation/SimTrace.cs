using System.Globalization;
using Microsoft.Extensions.Logging;

namespace UnitTests.Simulation;

/// <summary>What happened in a world, line by line: printed when it went wrong, and compared when a seed is run twice.</summary>
internal sealed class SimTrace(Func<DateTimeOffset> now, Action<string> said) : ILoggerProvider
{
    private readonly List<string> _lines = [];
    private DateTimeOffset? _start;

    public IReadOnlyList<string> Lines => _lines;

    public void Add(string text)
    {
        var at = now();
        _start ??= at;
        _lines.Add(string.Create(CultureInfo.InvariantCulture, $"{at - _start.Value:d\\.hh\\:mm\\:ss\\.fff} {text}"));
    }

    /// <summary>A part of the engine has something to tell.</summary>
    private void Said(string part) => said(part);

    public ILogger CreateLogger(string categoryName) => new Lines_(this, categoryName);

    public void Dispose() { }

    private sealed class Lines_(SimTrace trace, string category) : ILogger
    {
        private readonly string _short = category[(category.LastIndexOf('.') + 1)..];

        // The database library explains itself at length, and with file names that differ between runs.
        private readonly bool _ours = !category.StartsWith("Microsoft.", StringComparison.Ordinal);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => _ours && logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsEnabled(logLevel))
            {
                trace.Said(_short);
                var why = exception is null ? "" : $" [{exception.GetType().Name}: {exception.Message}]";
                trace.Add($"  {_short}: {formatter(state, exception)}{why}");
            }
        }
    }
}
