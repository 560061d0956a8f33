using System.Text.Json;

namespace Ledgerpost.Audit;

/// <summary>While a log is looked through: which entries were erased, and which later ones say so.</summary>
internal sealed class ErasureCheck
{
    private readonly List<long> _erased = [];
    private readonly List<(long By, long First, long Last)> _said = [];

    /// <summary>In the order of the log, and only what is as it was sealed.</summary>
    public void Note(AuditEntry entry)
    {
        if (AuditChain.IsErased(entry))
        {
            _erased.Add(entry.Sequence);
        }
        else if (entry.Action is ErasedEntries.TenantDeleted or ErasedEntries.PersonErased && entry.Details is { } text)
        {
            _said.AddRange(
                (JsonSerializer.Deserialize<ErasedEntries>(text)?.Entries ?? [])
                    .Where(range => range.Length == 2)
                    .Select(range => (entry.Sequence, range[0], range[1]))
            );
        }
    }

    /// <returns>Null when each was named by an entry after it.</returns>
    public long? FirstUnsaid() =>
        _erased
            .Where(number => !_said.Exists(said => said.First <= number && number <= said.Last && number < said.By))
            .Select(number => (long?)number)
            .FirstOrDefault();
}
