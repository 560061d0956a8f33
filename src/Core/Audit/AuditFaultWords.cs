using System.Globalization;

namespace Ledgerpost.Audit;

/// <summary>What a look through a log found, in the same sentences on the page and on the console.</summary>
public static class AuditFaultWords
{
    /// <summary>What is wrong; null when nothing is.</summary>
    public static string? Sentence(AuditVerdict verdict)
    {
        var entry = verdict.FaultAt?.ToString("N0", CultureInfo.InvariantCulture);
        return verdict.Fault switch
        {
            null => null,
            AuditFault.Missing => $"Entry {entry} is missing.",
            AuditFault.Changed =>
                $"Entry {entry} is not as it was written, or an entry was put in, taken out or moved before it.",
            AuditFault.PersonalChanged =>
                $"A name, an address or the details of entry {entry} are not as they were written.",
            AuditFault.PersonalMissing =>
                $"The names and details of entry {entry} are gone, and no later entry says that they were erased.",
            AuditFault.NotSealed => $"Entry {entry} was not written by the portal.",
            AuditFault.UnknownKey =>
                $"Entry {entry} was sealed with a key that is not known here. If another instance wrote it, give all instances the same Audit:Key.",
            AuditFault.CutOff => $"Entries from {entry} on are missing: the log was longer when it was last anchored.",
            AuditFault.Replaced =>
                $"Entry {entry} is not the one that was anchored outside the database: the log was written anew.",
            _ => throw new ArgumentOutOfRangeException(nameof(verdict)),
        };
    }
}
