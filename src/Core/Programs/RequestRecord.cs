using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Programs;

/// <summary>What a command answered.</summary>
/// <param name="Body">JSON; null for none.</param>
/// <param name="Location">Where what was made can be read.</param>
/// <param name="Sent">The campaign that was sent or resumed; such an answer is never repeated word for word.</param>
/// <param name="Kept">Instead of the body, where that holds a secret that is shown once and stored nowhere.</param>
/// <param name="HidesKey">Somebody was erased whose address the key may have: it is kept by its hash, as other keys of theirs are.</param>
public sealed record CommandAnswer(
    int Status,
    string? Body = null,
    string? Location = null,
    Guid? Sent = null,
    string? Kept = null,
    bool HidesKey = false
)
{
    /// <summary>Anything else has changed nothing, and may be tried again under the same key.</summary>
    public bool IsDone => Status is >= 200 and < 300;
}

/// <summary>An <c>Idempotency-Key</c> as it came with a request.</summary>
/// <param name="Path">The concrete path, in one spelling however it was asked for.</param>
/// <param name="BodyHash">SHA-256 of the body as it came, in hexadecimal; asked for within the command, when all was read.</param>
public sealed record RequestKey(string Key, string Path, Func<string> BodyHash)
{
    /// <summary>How long a request waits for an equal one; then it is told to come again.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
}

/// <summary>
/// The record of one request: looked for in the transaction of its command and written there. The same request again finds
/// it; another body under the same key is told so.
/// </summary>
/// <param name="key">Null without one: then only the answer is made, and nothing is kept.</param>
/// <param name="answer">Makes the answer from the command's outcome, reading what it shows from the same transaction.</param>
public sealed class RequestRecord<TOutcome>(
    RequestKey? key,
    Func<TOutcome, PortalDbContext, CancellationToken, Task<CommandAnswer>> answer
) : ICommandRecord
{
    /// <summary>How long a key is known whose request sent nothing.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(72);

    /// <summary>Of this request, or of the one before it with the same key.</summary>
    public CommandAnswer? Answer { get; private set; }

    public TimeSpan? Patience => key is null ? null : RequestKey.Patience;

    public RequestName? Name => key is null ? null : new RequestName(key.Path, key.Key);

    public bool WasReplayed { get; private set; }

    /// <summary>The key was used here with another body; nothing was done.</summary>
    public bool WasReused { get; private set; }

    public async Task BeginAsync(CommandContext command, CancellationToken cancellation)
    {
        if (key is null)
        {
            return;
        }

        var kept = await KeptAsync(command, key.Key, cancellation);
        var earlier = await command
            .Db.IdempotencyRecords.Where(record =>
                record.TenantId == command.TenantId && record.Path == key.Path && kept.Contains(record.Key)
            )
            .FirstOrDefaultAsync(cancellation);
        if (earlier is null)
        {
            return;
        }

        if (earlier.ExpiresAt <= command.Now)
        {
            command.Db.IdempotencyRecords.Remove(earlier);
            await command.Db.SaveChangesAsync(cancellation);
            return;
        }

        WasReused = earlier.BodyHash != key.BodyHash();
        WasReplayed = !WasReused;
        // At once and not after the commit: there will be none.
        command.Db.Safety?.Fired(WasReused ? SafetyMechanism.RequestReused : SafetyMechanism.RequestReplayed, key.Path);
        Answer = new CommandAnswer(earlier.Status, earlier.Body, earlier.Location, earlier.CampaignId);
        throw new CommandAnsweredException();
    }

    /// <summary>The key as it is, and as it is kept after the person was erased whose address is in it.</summary>
    private static async Task<IReadOnlyList<string>> KeptAsync(
        CommandContext command,
        string key,
        CancellationToken cancellation
    ) =>
        key.Contains('@', StringComparison.Ordinal)
            ? [key, ErasedPeople.Form(await AddressHashes.OfAsync(command.Db, cancellation), command.TenantId, key)]
            : [key];

    public async Task CompleteAsync(CommandContext command, object? outcome, CancellationToken cancellation)
    {
        Answer = await answer((TOutcome)outcome!, command.Db, cancellation);
        if (key is null || !Answer.IsDone)
        {
            return;
        }

        command.Db.IdempotencyRecords.Add(
            new IdempotencyRecord
            {
                TenantId = command.TenantId,
                Path = key.Path,
                Key = Answer.HidesKey ? (await KeptAsync(command, key.Key, cancellation))[^1] : key.Key,
                BodyHash = key.BodyHash(),
                Status = Answer.Status,
                Body = Answer.Sent is null ? Answer.Kept ?? Answer.Body : null,
                Location = Answer.Location,
                CampaignId = Answer.Sent,
                CreatedAt = command.Now,
                ExpiresAt = Answer.Sent is null ? command.Now + Lifetime : null,
            }
        );
    }
}
