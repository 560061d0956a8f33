using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ResendEmulator.Protocol;
using ResendEmulator.Storage;

namespace ResendEmulator.Webhooks;

/// <summary>/webhooks in its smallest useful form: one endpoint, which a second POST replaces.</summary>
public sealed class WebhooksApi(
    ProviderPipeline pipeline,
    Database database,
    WebhookEndpoints endpoints,
    WebhookSender sender
)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/webhooks", pipeline.Wrap(CreateAsync));
        routes.MapGet("/webhooks", pipeline.Wrap(_ => Task.FromResult(List())));
        routes.MapGet("/webhooks/{id}", pipeline.Wrap(call => Task.FromResult(Find(call) ?? NotFound)));
        routes.MapPatch("/webhooks/{id}", pipeline.Wrap(UpdateAsync));
        routes.MapDelete("/webhooks/{id}", pipeline.Wrap(DeleteAsync));
    }

    private static ApiAnswer NotFound => ApiErrors.NotFound("Webhook");

    private async Task<ApiAnswer> CreateAsync(ProviderCall call)
    {
        if (Url(call.Json) is not { } url)
        {
            return ApiErrors.Missing("endpoint");
        }

        var made = await database.WriteAsync(sql => endpoints.Set(sql, url, null, Events(call.Json)));
        sender.Wake();
        return ApiAnswer.Ok(
            new
            {
                @object = "webhook",
                id = made.Id,
                signing_secret = made.Secret,
            },
            201
        );
    }

    private ApiAnswer List()
    {
        var all = endpoints.Current is { } one ? new[] { Shape(one) } : [];
        return ApiAnswer.Ok(
            new
            {
                @object = "list",
                has_more = false,
                data = all,
            }
        );
    }

    private async Task<ApiAnswer> UpdateAsync(ProviderCall call)
    {
        if (Find(call) is null)
        {
            return NotFound;
        }

        var now = endpoints.Current!;
        var status =
            call.Json is { ValueKind: JsonValueKind.Object } body && body.TryGetProperty("status", out var value)
                ? value.ToString()
                : null;
        var enabled = status is null ? now.Enabled : status is "enabled";
        await database.WriteAsync(sql =>
            endpoints.Set(sql, Url(call.Json) ?? now.Url, now.Secret, Events(call.Json) ?? now.Events, enabled)
        );
        sender.Wake();
        return ApiAnswer.Ok(new { @object = "webhook", id = now.Id });
    }

    private async Task<ApiAnswer> DeleteAsync(ProviderCall call)
    {
        if (Find(call) is null)
        {
            return NotFound;
        }

        var id = endpoints.Current!.Id;
        await database.WriteAsync(endpoints.Remove);
        return ApiAnswer.Ok(
            new
            {
                @object = "webhook",
                id,
                deleted = true,
            }
        );
    }

    private ApiAnswer? Find(ProviderCall call) =>
        endpoints.Current is { } one
        && string.Equals(one.Id, call.Http.GetRouteValue("id") as string, StringComparison.OrdinalIgnoreCase)
            ? ApiAnswer.Ok(Shape(one))
            : null;

    private static object Shape(WebhookEndpoint one) =>
        new
        {
            @object = "webhook",
            id = one.Id,
            endpoint = one.Url,
            events = one.Events,
            status = one.Enabled ? "enabled" : "disabled",
            created_at = Instant.Rest(one.At),
            signing_secret = one.Secret,
        };

    private static string? Url(JsonElement? body) =>
        body is { ValueKind: JsonValueKind.Object } members
        && members.TryGetProperty("endpoint", out var value)
        && Uri.TryCreate(value.ToString(), UriKind.Absolute, out var url)
        && url.Scheme is ("http" or "https")
            ? value.ToString()
            : null;

    private static List<string>? Events(JsonElement? body) =>
        body is { ValueKind: JsonValueKind.Object } members
        && members.TryGetProperty("events", out var list)
        && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(item => item.ToString())]
            : null;
}
