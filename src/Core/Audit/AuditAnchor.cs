using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledgerpost.Data;

namespace Ledgerpost.Audit;

/// <summary>How far a log had come at one time, kept outside the database: what was cut off since can be seen.</summary>
/// <param name="TenantId"><see cref="Guid.Empty"/> for the installation's own log.</param>
/// <param name="Sequence">Its last entry at that time; 0 for a log that a restored backup has nothing of.</param>
/// <param name="Hash">That entry's seal, in hexadecimal; nothing for 0.</param>
/// <param name="Seal">Over all of the above, in hexadecimal.</param>
public sealed record AuditAnchor(
    Guid TenantId,
    long Sequence,
    string Hash,
    DateTimeOffset At,
    string KeyId,
    string Seal
)
{
    internal static AuditAnchor Of(AuditKeys keys, AuditEntry head, DateTimeOffset now) =>
        Sealed(keys, new(head.TenantId, head.Sequence, Convert.ToHexStringLower(head.Hash!), now, keys.CurrentId, ""));

    /// <summary>From now on it is right that the log has no entry.</summary>
    internal static AuditAnchor OfEmpty(AuditKeys keys, Guid tenantId, DateTimeOffset now) =>
        Sealed(keys, new(tenantId, 0, "", now, keys.CurrentId, ""));

    private static AuditAnchor Sealed(AuditKeys keys, AuditAnchor anchor) =>
        anchor with
        {
            Seal = Convert.ToHexStringLower(keys.Seal(anchor.KeyId, anchor.Text)!),
        };

    /// <summary>It was written by a portal that has one of these keys.</summary>
    internal bool IsGenuine(AuditKeys keys) =>
        keys.Seal(KeyId, Text) is { } seal
        && CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(Convert.ToHexStringLower(seal)),
            Encoding.UTF8.GetBytes(Seal)
        );

    private byte[] Text =>
        Encoding.UTF8.GetBytes(
            FormattableString.Invariant(
                $"anchor {TenantId:N} {Sequence} {Hash} {InstantConverter.ToMicroseconds(At)} {KeyId}"
            )
        );
}

/// <summary>
/// The anchors of each day in a file of its own, one JSON object a line, in a folder of the data directory. Copy the folder
/// to another machine: what lies there cannot be changed with the database.
/// </summary>
/// <param name="folder">Made with the first anchor.</param>
public sealed class AuditAnchorFiles(string folder)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    public async Task AppendAsync(IReadOnlyList<AuditAnchor> anchors, CancellationToken cancellation)
    {
        if (anchors.Count == 0)
        {
            return;
        }

        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, FormattableString.Invariant($"{anchors[0].At.UtcDateTime:yyyy-MM-dd}.jsonl"));
        await using var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        foreach (var anchor in anchors)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(Line(anchor) + "\n"), cancellation);
        }

        stream.Flush(flushToDisk: true);
    }

    /// <summary>A log's newest genuine anchor; a line that cannot be read, or that somebody else wrote, is passed over.</summary>
    public async Task<AuditAnchor?> NewestAsync(Guid tenantId, AuditKeys keys, CancellationToken cancellation)
    {
        foreach (var path in Paths().Reverse())
        {
            AuditAnchor? newest = null;
            await foreach (var anchor in ReadAsync(path, cancellation))
            {
                // The last line counts, also where its number is smaller: a backup was restored in between.
                if (anchor.TenantId == tenantId && anchor.IsGenuine(keys))
                {
                    newest = anchor;
                }
            }

            if (newest is not null)
            {
                return newest;
            }
        }

        return null;
    }

    /// <summary>The newest genuine one of each log that was ever anchored.</summary>
    public async Task<IReadOnlyCollection<AuditAnchor>> NewestAsync(AuditKeys keys, CancellationToken cancellation)
    {
        var newest = new Dictionary<Guid, AuditAnchor>();
        foreach (var path in Paths())
        {
            await foreach (var anchor in ReadAsync(path, cancellation))
            {
                if (anchor.IsGenuine(keys))
                {
                    newest[anchor.TenantId] = anchor;
                }
            }
        }

        return newest.Values;
    }

    /// <summary>As it stands in the file, without the line's end.</summary>
    internal static string Line(AuditAnchor anchor) => JsonSerializer.Serialize(anchor, Json);

    /// <summary>The files, the oldest first.</summary>
    private IEnumerable<string> Paths() =>
        Directory.Exists(folder) ? Directory.GetFiles(folder, "*.jsonl").Order(StringComparer.Ordinal) : [];

    private static async IAsyncEnumerable<AuditAnchor> ReadAsync(
        string path,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await foreach (var line in File.ReadLinesAsync(path, cancellation))
        {
            if (Read(line) is { } anchor)
            {
                yield return anchor;
            }
        }
    }

    private static AuditAnchor? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<AuditAnchor>(line, Json);
        }
        catch (JsonException)
        {
            // The last line of a machine that lost its power.
            return null;
        }
    }
}
