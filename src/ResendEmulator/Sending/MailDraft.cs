namespace ResendEmulator.Sending;

/// <summary>A mail that passed the rules and waits for its acceptance.</summary>
/// <param name="Position">Its place in the body, from 0; -1 = the body is the mail.</param>
/// <param name="To">As given.</param>
/// <param name="Everyone">The bare addresses of to, cc and bcc; each counts against the quota.</param>
/// <param name="Tags">The tags array, as given.</param>
/// <param name="Link">The first link in the HTML.</param>
public sealed record MailDraft(
    int Position,
    string From,
    string FromAddress,
    IReadOnlyList<string> To,
    IReadOnlyList<string> Everyone,
    string Subject,
    string? Tags,
    string? Headers,
    string Campaign,
    DateTimeOffset? ScheduledAt,
    string? Link
)
{
    public string FromDomain { get; } = Addresses.DomainOf(FromAddress);
}
