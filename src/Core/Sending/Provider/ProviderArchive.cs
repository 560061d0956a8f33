using System.Globalization;
using System.Text.Json;

namespace Ledgerpost.Sending.Provider;

/// <summary>A line of one of the provider's lists.</summary>
/// <param name="At">Null when it cannot be read: then it is looked at.</param>
/// <param name="Batch">It is a call that sent a batch.</param>
/// <param name="To">Null in the log of calls, and for a mail to several.</param>
public sealed record ArchiveLine(string Id, DateTimeOffset? At, bool Batch, string? To);

/// <summary>An address that the provider does not mail any more, for any tenant of the account.</summary>
/// <param name="Origin"><c>bounce</c>, <c>complaint</c> or <c>manual</c>.</param>
public sealed record ProviderSuppression(string Id, string Email, string? Origin, DateTimeOffset? At);

/// <summary>What a look into the provider's record gave.</summary>
public abstract record ArchiveAnswer<T>
{
    private ArchiveAnswer() { }

    public sealed record Read(T Value) : ArchiveAnswer<T>;

    /// <summary>The key may only send: nothing can be read with it.</summary>
    public sealed record Denied : ArchiveAnswer<T>;

    /// <summary>No answer, not now, or not to be understood.</summary>
    public sealed record Silent(TimeSpan? RetryAfter) : ArchiveAnswer<T>;
}

/// <summary>
/// What the provider remembers of mail: its log of calls and its list of mails. Neither can be asked by tag or address, so
/// both are paged through, the newest first.
/// </summary>
public sealed class ProviderArchive(IProviderReader reader, Pacer pacer)
{
    private const string PageQuery = "?limit=100";

    /// <summary>A page of the log: calls of every kind, since the next page is asked for by the last one's id.</summary>
    public Task<ArchiveAnswer<IReadOnlyList<ArchiveLine>>> CallsAsync(
        string baseUrl,
        string? after,
        CancellationToken cancellation
    ) => PageAsync(baseUrl, "/logs", after, cancellation);

    public Task<ArchiveAnswer<IReadOnlyList<ArchiveLine>>> MailsAsync(
        string baseUrl,
        string? after,
        CancellationToken cancellation
    ) => PageAsync(baseUrl, "/emails", after, cancellation);

    /// <summary>The mails that one call got accepted; none when it was refused, or is not ours.</summary>
    public Task<ArchiveAnswer<IReadOnlyList<Acceptance>>> CallAsync(
        string baseUrl,
        string id,
        CancellationToken cancellation
    ) => GetAsync(baseUrl, $"/logs/{Uri.EscapeDataString(id)}", Accepted, cancellation);

    /// <summary>Null when it carries no tags of ours.</summary>
    public Task<ArchiveAnswer<Acceptance?>> MailAsync(string baseUrl, string id, CancellationToken cancellation) =>
        GetAsync(
            baseUrl,
            $"/emails/{Uri.EscapeDataString(id)}",
            json =>
                TagsOf(json) is { } tags && Text(json, "id") is { } email
                    ? new Acceptance(tags, email, AddressOf(json), "the provider's list of mails")
                    : null,
            cancellation
        );

    /// <summary>A page of the account's suppression list; empty after the last one.</summary>
    public Task<ArchiveAnswer<IReadOnlyList<ProviderSuppression>>> SuppressionsAsync(
        string baseUrl,
        string? after,
        CancellationToken cancellation
    ) =>
        GetAsync<IReadOnlyList<ProviderSuppression>>(
            baseUrl,
            "/suppressions" + PageQuery + (after is null ? "" : $"&after={Uri.EscapeDataString(after)}"),
            json =>
                [
                    .. json.GetProperty("data")
                        .EnumerateArray()
                        .Select(item =>
                            Text(item, "id") is { } id && Text(item, "email") is { } email
                                ? new ProviderSuppression(
                                    id,
                                    email,
                                    Text(item, "origin"),
                                    InstantOf(Text(item, "created_at"))
                                )
                                : null
                        )
                        .OfType<ProviderSuppression>(),
                ],
            cancellation
        );

    private Task<ArchiveAnswer<IReadOnlyList<ArchiveLine>>> PageAsync(
        string baseUrl,
        string path,
        string? after,
        CancellationToken cancellation
    ) =>
        GetAsync<IReadOnlyList<ArchiveLine>>(
            baseUrl,
            path + PageQuery + (after is null ? "" : $"&after={Uri.EscapeDataString(after)}"),
            json => [.. json.GetProperty("data").EnumerateArray().Select(Line).OfType<ArchiveLine>()],
            cancellation
        );

    private async Task<ArchiveAnswer<T>> GetAsync<T>(
        string baseUrl,
        string path,
        Func<JsonElement, T> read,
        CancellationToken cancellation
    )
    {
        await pacer.WaitAsync(cancellation);
        if (await reader.GetAsync(baseUrl, path, cancellation) is not ProviderAnswer.Http answer)
        {
            return new ArchiveAnswer<T>.Silent(null);
        }

        if (answer.Status is 401 or 403)
        {
            return new ArchiveAnswer<T>.Denied();
        }

        try
        {
            if (answer.Status == 200)
            {
                using var json = JsonDocument.Parse(answer.Body);
                return new ArchiveAnswer<T>.Read(read(json.RootElement));
            }
        }
        catch (Exception exception)
            when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Another shape than the provider documents: it proves nothing.
        }

        return new ArchiveAnswer<T>.Silent(answer.Headers.RetryAfter);
    }

    private static ArchiveLine? Line(JsonElement item) =>
        Text(item, "id") is { } id
            ? new ArchiveLine(
                id,
                InstantOf(Text(item, "created_at")),
                Text(item, "endpoint") == "/emails/batch" && Text(item, "method") == "POST",
                AddressOf(item)
            )
            : null;

    /// <summary>Strict batches answer one id for each mail, in order; anything else is no proof.</summary>
    private static IReadOnlyList<Acceptance> Accepted(JsonElement log)
    {
        if (
            !log.TryGetProperty("response_status", out var status)
            || status.ValueKind != JsonValueKind.Number
            || status.GetInt32() != 200
        )
        {
            return [];
        }

        var mails = Whole(log.GetProperty("request_body"));
        var answer = Whole(log.GetProperty("response_body"));
        if (
            mails.ValueKind != JsonValueKind.Array
            || answer.ValueKind != JsonValueKind.Object
            || !answer.TryGetProperty("data", out var ids)
            || ids.ValueKind != JsonValueKind.Array
            || ids.GetArrayLength() != mails.GetArrayLength()
        )
        {
            return [];
        }

        var accepted = new List<Acceptance>();
        foreach (var (mail, id) in mails.EnumerateArray().Zip(ids.EnumerateArray()))
        {
            if (TagsOf(mail) is not { } tags || Text(id, "id") is not { } email)
            {
                return [];
            }

            accepted.Add(new Acceptance(tags, email, AddressOf(mail), "the provider's log"));
        }

        return
            accepted.Select(mail => (mail.Tags!.CampaignId, mail.Tags.Chunk, mail.Tags.Generation)).Distinct().Count()
            == 1
            ? accepted
            : [];
    }

    /// <summary>JSON, or JSON as text.</summary>
    private static JsonElement Whole(JsonElement body) =>
        body.ValueKind == JsonValueKind.String ? JsonElement.Parse(body.GetString()!) : body;

    private static MailTags? TagsOf(JsonElement mail)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        if (mail.TryGetProperty("tags", out var given) && given.ValueKind == JsonValueKind.Array)
        {
            foreach (var tag in given.EnumerateArray())
            {
                if (Text(tag, "name") is { } name && Text(tag, "value") is { } value)
                {
                    tags[name] = value;
                }
            }
        }

        return MailTags.TryRead(tags);
    }

    private static string? AddressOf(JsonElement mail) =>
        !mail.TryGetProperty("to", out var to) ? null
        : to.ValueKind == JsonValueKind.String ? to.GetString()
        : to.ValueKind == JsonValueKind.Array && to.GetArrayLength() == 1 ? to[0].GetString()
        : null;

    /// <summary>Seen as <c>2025-11-30 20:39:59.540771+00</c> and as ISO 8601.</summary>
    private static DateTimeOffset? InstantOf(string? text) =>
        DateTimeOffset.TryParse(
            text is [.., '+' or '-', _, _] ? text + ":00" : text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var instant
        )
            ? instant
            : null;

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object
        && json.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
