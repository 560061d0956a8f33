using System.Text.RegularExpressions;
using Ledgerpost.Senders;
using Serilog.Core;
using Serilog.Events;
using Serilog.Parsing;

namespace AdminPortal.Hosting;

/// <summary>
/// Stands before every place that keeps the log, and takes out of an event what is nobody's business: people's addresses, keys,
/// secrets, passwords, and the links that are as good as one. Also out of the text of exceptions, which nobody has written for a
/// log.
/// </summary>
public sealed class MaskedLog(Logger kept) : ILogEventSink, IDisposable
{
    private const RegexOptions Linear =
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;

    private static readonly MessageTemplateParser Templates = new();

    // An exception's text may be long and somebody else's: each of these takes time in proportion to it. A query holds its @ and
    // its slashes in percents.
    private static readonly Regex Address = new(
        @"[^\s<>""'(){}\[\],;:=@/\\]+(@|%40)[^\s<>""'(){}\[\],;:=@/\\]+",
        Linear | RegexOptions.IgnoreCase
    );

    private static readonly Regex Password = new(
        @"(?<before>Bearer +|\b(Password|Pwd) *= *)[^\s;""',]+",
        Linear | RegexOptions.IgnoreCase
    );

    private static readonly Regex Secret = new(
        @"\b(whsec_[A-Za-z0-9+/=_-]+|lp_[A-Za-z0-9_-]{8,}|" + ProviderSecrets.KeyPattern + ")",
        Linear
    );

    // Routing names a path without its first slash.
    private static readonly Regex Link = new(
        @"(?<before>(^|[/\s""']|%2F)u(/|%2F)|account(/|%2F)(set-up|join|reset)(/|%2F))[A-Za-z0-9_.~%-]+",
        Linear | RegexOptions.IgnoreCase
    );

    public void Emit(LogEvent logEvent) =>
        kept.Write(
            new LogEvent(
                logEvent.Timestamp,
                logEvent.Level,
                logEvent.Exception is { } exception ? new MaskedException(exception) : null,
                Mask(logEvent.MessageTemplate.Text) is var text && text == logEvent.MessageTemplate.Text
                    ? logEvent.MessageTemplate
                    : Templates.Parse(text),
                logEvent.Properties.Select(property => new LogEventProperty(property.Key, Mask(property.Value))),
                logEvent.TraceId ?? default,
                logEvent.SpanId ?? default
            )
        );

    public void Dispose() => kept.Dispose();

    /// <summary>The same text with <c>[address]</c>, <c>[secret]</c> and <c>[link]</c> in the places of such.</summary>
    public static string Mask(string text) =>
        Link.Replace(
            Secret.Replace(Password.Replace(Address.Replace(text, "[address]"), "${before}[secret]"), "[secret]"),
            "${before}[link]"
        );

    private static LogEventPropertyValue Mask(LogEventPropertyValue value) =>
        value switch
        {
            ScalarValue
            {
                Value: null
                    or bool
                    or int
                    or long
                    or double
                    or decimal
                    or Enum
                    or Guid
                    or TimeSpan
                    or DateTimeOffset
                    or DateTime
            } => value,
            ScalarValue { Value: string text } => new ScalarValue(Mask(text)),
            ScalarValue { Value: var other } => new ScalarValue(Mask(other.ToString() ?? "")),
            SequenceValue sequence => new SequenceValue(sequence.Elements.Select(Mask)),
            StructureValue structure => new StructureValue(
                structure.Properties.Select(property => new LogEventProperty(property.Name, Mask(property.Value))),
                structure.TypeTag
            ),
            DictionaryValue dictionary => new DictionaryValue(
                dictionary.Elements.Select(pair =>
                    KeyValuePair.Create(new ScalarValue(Mask(pair.Key.Value?.ToString() ?? "")), Mask(pair.Value))
                )
            ),
            _ => new ScalarValue(Mask(value.ToString())),
        };

    /// <summary>Looks in a log like the exception that it stands for.</summary>
    private sealed class MaskedException(Exception exception) : Exception(Mask(exception.Message))
    {
        private readonly string _text = Mask(exception.ToString());

        public override string? StackTrace => exception.StackTrace;

        public override string ToString() => _text;
    }
}
