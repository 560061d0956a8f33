using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ResendEmulator.Hosting;
using ResendEmulator.Protocol;
using ResendEmulator.Retrieval;
using ResendEmulator.Storage;

namespace ResendEmulator.Sending;

/// <summary>The sender domains, their records and their verification.</summary>
public sealed class DomainsApi(
    ProviderPipeline pipeline,
    Database database,
    DomainStore domains,
    EmulatorIds ids,
    EmulatorClock clock
)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/domains", pipeline.Wrap(CreateAsync));
        routes.MapGet("/domains", pipeline.Wrap(ListAsync));
        routes.MapGet(
            "/domains/{id}",
            pipeline.Wrap(call => WithAsync(call, (_, domain) => Whole(domain, "domain", 200)))
        );
        routes.MapPost("/domains/{id}/verify", pipeline.Wrap(call => WithAsync(call, Verify)));
        routes.MapPatch(
            "/domains/{id}",
            pipeline.Wrap(call => WithAsync(call, (sql, domain) => Update(sql, domain, call)))
        );
        routes.MapDelete("/domains/{id}", pipeline.Wrap(call => WithAsync(call, Delete)));
    }

    private async Task<ApiAnswer> CreateAsync(ProviderCall call)
    {
        if (Text(call.Json, "name")?.Trim().ToLowerInvariant() is not { Length: > 0 } name)
        {
            return ApiErrors.Missing("name");
        }

        if (!Addresses.TryParse("postmaster@" + name, out _))
        {
            return ApiErrors.Invalid("Invalid `name` field. The domain name is not valid.");
        }

        var region = Text(call.Json, "region") ?? "us-east-1";
        if (region is not ("us-east-1" or "eu-west-1" or "sa-east-1" or "ap-northeast-1"))
        {
            return ApiErrors.Of(422, "invalid_region", "The `region` is not supported.");
        }

        var domain = new SenderDomain(
            ids.New(),
            name,
            region,
            Instant.Micros(call.At),
            "not_started",
            null,
            null,
            Flag(call.Json, "open_tracking") ?? false,
            Flag(call.Json, "click_tracking") ?? false,
            Text(call.Json, "custom_return_path") ?? "send"
        );
        return await database.WriteAsync(sql => domains.TryAdd(sql, domain))
            ? Whole(domain, null, 201)
            : ApiErrors.Invalid($"The {name} domain has been registered already.", 403);
    }

    private async Task<ApiAnswer> ListAsync(ProviderCall call)
    {
        var (page, refusal) = Paging.Of(call.Http.Request);
        if (page is null)
        {
            return refusal!;
        }

        var all = await database.ReadAsync(domains.All);
        var at = all.FindIndex(domain => string.Equals(domain.Id, page.After ?? page.Before, StringComparison.Ordinal));
        if (page is not { After: null, Before: null } && at < 0)
        {
            return ApiErrors.NotFound("Domain");
        }

        var rows = page.Before is null
            ? all.Skip(page.After is null ? 0 : at + 1).Take(page.Limit + 1)
            : all.Take(at).TakeLast(page.Limit + 1);
        return page.List([.. rows], domain => Members(domain, null, records: false));
    }

    private ApiAnswer Verify(SqlSession sql, SenderDomain domain)
    {
        if (!string.Equals(domain.StatusAt(clock.GetUtcNow()), "verified", StringComparison.Ordinal))
        {
            domains.StartVerification(sql, domain, clock.GetUtcNow());
        }

        return ApiAnswer.Ok(new { @object = "domain", id = domain.Id });
    }

    private ApiAnswer Update(SqlSession sql, SenderDomain domain, ProviderCall call)
    {
        domains.SetTracking(sql, domain.Id, Flag(call.Json, "open_tracking"), Flag(call.Json, "click_tracking"));
        return ApiAnswer.Ok(new { @object = "domain", id = domain.Id });
    }

    private ApiAnswer Delete(SqlSession sql, SenderDomain domain)
    {
        domains.Remove(sql, domain.Id);
        return ApiAnswer.Ok(
            new
            {
                @object = "domain",
                id = domain.Id,
                deleted = true,
            }
        );
    }

    private async Task<ApiAnswer> WithAsync(ProviderCall call, Func<SqlSession, SenderDomain, ApiAnswer> work)
    {
        var id = call.Http.GetRouteValue("id") as string ?? "";
        if (!Guid.TryParse(id, out _))
        {
            return ApiErrors.BadId();
        }

        return await database.WriteAsync(sql =>
            domains.Find(sql, id.ToLowerInvariant()) is { } domain ? work(sql, domain) : ApiErrors.NotFound("Domain")
        );
    }

    private ApiAnswer Whole(SenderDomain domain, string? kind, int status) =>
        ApiAnswer.Ok(Members(domain, kind, records: true), status);

    private Dictionary<string, object?> Members(SenderDomain domain, string? kind, bool records)
    {
        var status = domain.StatusAt(clock.GetUtcNow());
        var members = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (kind is not null)
        {
            members["object"] = kind;
        }

        members["id"] = domain.Id;
        members["name"] = domain.Name;
        members["status"] = status;
        members["created_at"] = Instant.Rest(domain.At);
        members["region"] = domain.Region;
        members["open_tracking"] = domain.OpenTracking;
        members["click_tracking"] = domain.ClickTracking;
        members["capabilities"] = new { sending = "enabled", receiving = "disabled" };
        if (records)
        {
            members["records"] = Records(domain, status);
        }

        return members;
    }

    private static object[] Records(SenderDomain domain, string status)
    {
        var record = status is "verified" or "failed" or "pending" ? status : "not_started";
        // Names are relative to the registrable domain, taken here as the last two labels.
        var labels = domain.Name.Split('.');
        var below = labels.Length > 2 ? "." + string.Join('.', labels[..^2]) : "";
        var host = domain.ReturnPath + below;
        var dkim =
            "p="
            + Convert.ToBase64String(
                System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(domain.Id))
            );
        return
        [
            new
            {
                record = "SPF",
                name = host,
                type = "MX",
                ttl = "Auto",
                status = record,
                value = $"feedback-smtp.{domain.Region}.amazonses.com",
                priority = 10,
            },
            new
            {
                record = "SPF",
                name = host,
                type = "TXT",
                ttl = "Auto",
                status = record,
                value = "\"v=spf1 include:amazonses.com ~all\"",
            },
            new
            {
                record = "DKIM",
                name = "resend._domainkey" + below,
                type = "TXT",
                ttl = "Auto",
                status = record,
                value = dkim,
            },
        ];
    }

    private static string? Text(JsonElement? body, string name) =>
        body is { ValueKind: JsonValueKind.Object } members
        && members.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static bool? Flag(JsonElement? body, string name) =>
        body is { ValueKind: JsonValueKind.Object } members
        && members.TryGetProperty(name, out var value)
        && value.ValueKind is (JsonValueKind.True or JsonValueKind.False)
            ? value.GetBoolean()
            : null;
}
