using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// Asks the provider what became of mail that may not be repeated any more: unknown, or in doubt in a campaign that was
/// paused or cancelled. It looks for positive proof in the log of calls, then in the list of mails; what it does not find
/// proves nothing. It works in small rounds, goes on where it stopped, and rests longer the longer it finds nothing.
/// </summary>
public sealed class Reconciler(
    PortalDb db,
    OpenQuestions questions,
    ProviderArchive archive,
    ISendingAccount accounts,
    CampaignNotifier notifier,
    ILogger<Reconciler> logger
)
{
    /// <summary>Calls to the provider in one round, beside those of sending, whose pace they share.</summary>
    private const int CallsPerRound = 40;

    /// <summary>How far the provider's clock and ours may be apart for a line still to be looked at.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan FirstRest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromHours(1);

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private HashSet<(Guid, int)> _asked = [];
    private bool _mails;
    private string? _after;
    private int _left;

    /// <summary>The key may only send; null while it can read, and before it was asked. For the operator's page.</summary>
    public DateTimeOffset? DeniedSince { get; private set; }

    /// <summary>False when the provider was silent last time; its next calls may last until their time-out.</summary>
    public bool Answers { get; private set; } = true;

    /// <summary>How long until the next round.</summary>
    public TimeSpan Rest { get; private set; } = FirstRest;

    public Task RunAsync(CancellationToken stopping) =>
        Loop.EveryAsync(() => Rest, RunOnceAsync, db.Time, logger, stopping);

    /// <returns>How many mails were proven to be with the provider.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        var account = await accounts.CurrentAsync(cancellation);
        var open = await questions.ReadAsync(account, cancellation);
        if (!_asked.SetEquals(open.Select(question => (question.CampaignId, question.Chunk))))
        {
            // Other questions than last time: what was looked at may answer them.
            StartOver();
            _asked = [.. open.Select(question => (question.CampaignId, question.Chunk))];
            Rest = FirstRest;
        }

        if (open.Count == 0)
        {
            return 0;
        }

        _left = CallsPerRound;
        var proven = 0;
        while (_left > 0 && await PageAsync(account.BaseUrl, open, cancellation) is { } found)
        {
            proven += found;
        }

        Rest = proven > 0 ? FirstRest : Rest;
        return proven;
    }

    /// <returns>Null when this round is over.</returns>
    private async Task<int?> PageAsync(string baseUrl, IReadOnlyList<OpenQuestion> open, CancellationToken cancellation)
    {
        var answer = _mails
            ? await archive.MailsAsync(baseUrl, _after, cancellation)
            : await archive.CallsAsync(baseUrl, _after, cancellation);
        _left--;
        if (Value(answer) is not { } lines)
        {
            return null;
        }

        DeniedSince = null;
        var proven = 0;
        foreach (var line in lines.Where(line => _mails ? IsAsked(open, line) : line.Batch && IsInTime(open, line)))
        {
            if (_seen.Contains(line.Id))
            {
                continue;
            }

            if (_left-- <= 0)
            {
                // This page again next time; what was seen of it is not asked for twice.
                return proven;
            }

            if (await LookAsync(baseUrl, line.Id, open, cancellation) is not { } found)
            {
                return null;
            }

            _seen.Add(line.Id);
            proven += found;
        }

        var earliest = open.Min(question => question.From) - Skew;
        if (lines.Count > 0 && lines[^1].At is var last && !(last < earliest))
        {
            _after = lines[^1].Id;
            return proven;
        }

        // Through: the list of mails after the log, and then a rest.
        if (!_mails)
        {
            _mails = true;
            _after = null;
            return proven;
        }

        StartOver();
        await questions.AskedAsync(open, cancellation);
        Rest = Rest * 2 < LongestRest ? Rest * 2 : LongestRest;
        _left = 0;
        return proven;
    }

    private async Task<int?> LookAsync(
        string baseUrl,
        string id,
        IReadOnlyList<OpenQuestion> open,
        CancellationToken cancellation
    )
    {
        IReadOnlyList<Acceptance>? found;
        if (_mails)
        {
            var answer = await archive.MailAsync(baseUrl, id, cancellation);
            if (answer is not ArchiveAnswer<Acceptance?>.Read(var mail))
            {
                return Value(answer) is null ? null : 0;
            }

            found = mail is null ? [] : [mail];
        }
        else
        {
            found = Value(await archive.CallAsync(baseUrl, id, cancellation));
        }

        return found is null ? null : await ApplyAsync(found, open, cancellation);
    }

    private Task<int> ApplyAsync(
        IReadOnlyList<Acceptance> found,
        IReadOnlyList<OpenQuestion> open,
        CancellationToken cancellation
    )
    {
        // Only what answers a question, by campaign and address; whether it is proof is decided by its tags.
        var question = open.FirstOrDefault(asked =>
            found.Any(mail =>
                mail.Tags!.CampaignId == asked.CampaignId && mail.To is { } to && asked.Addresses.Contains(to)
            )
        );
        return question is null
            ? Task.FromResult(0)
            : ProveAcceptance.CallAsync(
                db,
                question.TenantId,
                question.AccountId,
                found,
                notifier,
                logger,
                cancellation
            );
    }

    private static bool IsInTime(IReadOnlyList<OpenQuestion> open, ArchiveLine line) =>
        line.At is not { } at || open.Any(q => at >= q.From - Skew && at <= q.Until + Skew);

    private static bool IsAsked(IReadOnlyList<OpenQuestion> open, ArchiveLine line) =>
        IsInTime(open, line) && line.To is { } to && open.Any(question => question.Addresses.Contains(to));

    private T? Value<T>(ArchiveAnswer<T> answer)
    {
        Answers = answer is not ArchiveAnswer<T>.Silent;
        switch (answer)
        {
            case ArchiveAnswer<T>.Read(var value):
                return value;
            case ArchiveAnswer<T>.Denied:
                if (DeniedSince is null)
                {
                    DeniedSince = db.Time.GetUtcNow();
                    logger.LogWarning(
                        "The API key may only send, so the provider's record cannot be read; what is unknown can be proven by events alone. Tried again in {Pause}.",
                        LongestRest
                    );
                }

                Rest = LongestRest;
                return default;
            case ArchiveAnswer<T>.Silent(var retryAfter):
                Rest = retryAfter > FirstRest ? retryAfter.Value : FirstRest;
                return default;
            default:
                throw new InvalidOperationException();
        }
    }

    private void StartOver()
    {
        (_mails, _after) = (false, null);
        _seen.Clear();
    }
}
