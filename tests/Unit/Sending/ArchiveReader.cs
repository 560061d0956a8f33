using System.Text.Json;
using System.Text.Json.Nodes;
using Ledgerpost.Sending.Provider;

namespace UnitTests.Sending;

/// <summary>What the provider in memory remembers, as its API shows it: newest first, lists without tags.</summary>
public sealed class ArchiveReader(FakeProvider provider) : IProviderReader
{
    private const int PageSize = 2;

    public List<string> Asked { get; } = [];

    /// <summary>The log does not hold it: it is older, or was never written.</summary>
    public bool WithoutLogs { get; set; }

    public bool SendOnly { get; set; }

    public bool Down { get; set; }

    /// <summary>Changes what the log or the list tells of one call or mail.</summary>
    public Action<JsonNode>? Tamper { get; set; }

    /// <summary>Calls of other programs in the same log.</summary>
    public int Foreign { get; set; }

    public Task<ProviderAnswer> GetAsync(string baseUrl, string path, CancellationToken cancellation)
    {
        Asked.Add(path);
        ProviderAnswer answer =
            Down ? new ProviderAnswer.None("Refused.")
            : SendOnly
                ? Http(
                    401,
                    new
                    {
                        statusCode = 401,
                        name = "restricted_api_key",
                        message = "Only sending.",
                    }
                )
            : path.StartsWith("/logs?", StringComparison.Ordinal) ? Page(Logs(), path)
            : path.StartsWith("/emails?", StringComparison.Ordinal) ? Page(Mails(), path)
            : path.StartsWith("/logs/", StringComparison.Ordinal) ? One(Log(path[6..]))
            : One(Mail(path[8..]));
        return Task.FromResult(answer);
    }

    private IEnumerable<(string Id, object Line)> Logs()
    {
        for (var i = 0; i < Foreign; i++)
        {
            yield return (
                $"foreign-{i}",
                new
                {
                    id = $"foreign-{i}",
                    created_at = At(provider.Batches[^1].At),
                    endpoint = "/domains",
                    method = "GET",
                    response_status = 200,
                }
            );
        }

        foreach (var batch in WithoutLogs ? [] : provider.Batches.AsEnumerable().Reverse())
        {
            yield return (
                batch.Id,
                new
                {
                    id = batch.Id,
                    created_at = At(batch.At),
                    endpoint = "/emails/batch",
                    method = "POST",
                    response_status = 200,
                }
            );
        }
    }

    private IEnumerable<(string Id, object Line)> Mails() =>
        provider
            .Batches.SelectMany(batch => batch.Ids.Select(id => (Id: id, batch.At)))
            .Reverse()
            .Select(mail =>
                (
                    mail.Id,
                    (object)
                        new
                        {
                            id = mail.Id,
                            created_at = At(mail.At),
                            to = new[] { provider.Mailed.Single(m => m.Id == mail.Id).To },
                            subject = "Hello",
                        }
                )
            );

    private JsonNode Log(string id)
    {
        var batch = provider.Batches.Single(b => b.Id == id);
        return JsonSerializer.SerializeToNode(
            new
            {
                id,
                created_at = At(batch.At),
                endpoint = "/emails/batch",
                method = "POST",
                response_status = 200,
                request_body = JsonNode.Parse(batch.Body),
                response_body = new { data = batch.Ids.Select(mail => new { id = mail }) },
            }
        )!;
    }

    private JsonNode Mail(string id)
    {
        var batch = provider.Batches.Single(b => b.Ids.Contains(id));
        var mail = JsonNode.Parse(batch.Body)!.AsArray()[batch.Ids.ToList().IndexOf(id)]!.DeepClone();
        mail["id"] = id;
        return mail;
    }

    private static ProviderAnswer.Http Page(IEnumerable<(string Id, object Line)> all, string path)
    {
        var after = path.Split("after=") is [_, var id] ? id : null;
        var rest = all.ToList();
        if (after is not null)
        {
            rest = [.. rest.SkipWhile(item => item.Id != after).Skip(1)];
        }

        return Http(
            200,
            new { has_more = rest.Count > PageSize, data = rest.Take(PageSize).Select(item => item.Line) }
        );
    }

    private ProviderAnswer.Http One(JsonNode node)
    {
        Tamper?.Invoke(node);
        return Http(200, node);
    }

    private static ProviderAnswer.Http Http(int status, object body) =>
        new(status, JsonSerializer.Serialize(body), ProviderHeaders.Empty);

    // As seen on the wire.
    private static string At(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture)
        + "+00";
}
