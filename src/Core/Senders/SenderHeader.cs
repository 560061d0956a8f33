namespace Ledgerpost.Senders;

/// <summary>A sender as the mail's From line.</summary>
public static class SenderHeader
{
    /// <param name="sender">With its domain loaded.</param>
    public static string Of(SenderIdentity sender)
    {
        var address = $"{sender.LocalPart}@{sender.Domain!.Name}";
        // Quoted, so that a comma or a bracket in a name cannot become another address.
        var name = sender
            .DisplayName?.Replace("\\", "", StringComparison.Ordinal)
            .Replace("\"", "", StringComparison.Ordinal);
        return string.IsNullOrWhiteSpace(name) ? address : $"\"{name.Trim()}\" <{address}>";
    }
}
