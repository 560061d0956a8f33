using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ResendEmulator.Faults;
using ResendEmulator.Protocol;
using ResendEmulator.Retrieval;

namespace ResendEmulator.Control;

/// <summary>
/// The controls over HTTP, for scripts: from this machine alone, without a key, in snake_case JSON. docs/emulator.md has
/// the table.
/// </summary>
public sealed class ControlApi(EmulatorControl control, MailReader mails)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        PropertyNameCaseInsensitive = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public void Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/emulator/api");
        api.MapGet("/state", Answer(async _ => await control.StateAsync()));
        api.MapGet("/duplicates", Answer(async _ => await control.DuplicatesAsync()));
        api.MapGet("/mails", Answer(http => MailsAsync(http)));
        api.MapGet("/mails/{id}", Answer(http => MailAsync(http)));
        api.MapGet("/calls", Answer(http => CallsAsync(http)));
        api.MapGet("/faults", Answer(_ => Now(control.Faults)));
        api.MapPut("/faults", Answer(http => SetFaultsAsync(http)));
        api.MapPost("/faults", Answer(http => AddFaultAsync(http)));
        api.MapPost("/faults/clear", Answer(_ => DoneAsync(control.HealAsync())));
        api.MapGet("/settings", Answer(_ => Now(control.Behaviour)));
        api.MapPut("/settings", Answer(http => SettingsAsync(http)));
        api.MapPost("/clock/advance", Answer(http => AdvanceAsync(http)));
        api.MapPost("/domains/status", Answer(http => DomainAsync(http)));
        api.MapPut("/webhooks", Answer(http => WebhookAsync(http)));
        api.MapPost("/webhooks/hold", Answer(_ => Now(control.HoldWebhooks)));
        api.MapPost("/webhooks/release", Answer(_ => Now(control.ReleaseWebhooks)));
        api.MapPost("/webhooks/redeliver", Answer(http => RedeliverAsync(http)));
        api.MapPost("/reset", Answer(_ => DoneAsync(control.ResetAsync())));
    }

    private async Task<object?> MailsAsync(HttpContext http)
    {
        var to = Query(http, "to");
        var campaign = Query(http, "campaign");
        return await control.MailsAsync(to, campaign, Number(http, "limit", 1000), Number(http, "skip", 0));
    }

    private async Task<object?> MailAsync(HttpContext http) =>
        await mails.FindAsync(http.GetRouteValue("id") as string ?? "")
        ?? throw new BadHttpRequestException("No such mail.", StatusCodes.Status404NotFound);

    private async Task<object?> CallsAsync(HttpContext http) =>
        await control.CallsAsync(Number(http, "after", 0), Number(http, "limit", 10_000));

    private async Task<object?> SetFaultsAsync(HttpContext http)
    {
        await control.SetFaultsAsync([.. await ReadAsync<List<FaultRule>>(http)]);
        return control.Faults;
    }

    private async Task<object?> AddFaultAsync(HttpContext http)
    {
        await control.AddFaultAsync(await ReadAsync<FaultRule>(http));
        return control.Faults;
    }

    /// <summary>Takes some of the switches; the others stay.</summary>
    private async Task<object?> SettingsAsync(HttpContext http)
    {
        var changes = await ReadAsync<JsonObject>(http);
        var merged = JsonSerializer.SerializeToNode(control.Behaviour, Json)!.AsObject();
        foreach (var (name, value) in changes)
        {
            merged[name] = value?.DeepClone();
        }

        control.Behaviour = merged.Deserialize<Behaviour>(Json)!;
        return control.Behaviour;
    }

    private async Task<object?> AdvanceAsync(HttpContext http)
    {
        await control.AdvanceClockAsync(TimeSpan.FromSeconds((await ReadAsync<Advance>(http)).Seconds));
        return new { now = control.Now };
    }

    private async Task<object?> DomainAsync(HttpContext http)
    {
        var domain = await ReadAsync<DomainStatus>(http);
        return await control.SetDomainStatusAsync(domain.Name, domain.Status)
            ? domain
            : throw new BadHttpRequestException("No such domain.", StatusCodes.Status404NotFound);
    }

    private async Task<object?> WebhookAsync(HttpContext http)
    {
        var target = await ReadAsync<WebhookTarget>(http);
        return await control.SetWebhookAsync(target.Url, target.Secret);
    }

    private async Task<object?> RedeliverAsync(HttpContext http) =>
        new { events = await control.RedeliverAsync(Query(http, "mail")) };

    private static async Task<T> ReadAsync<T>(HttpContext http) =>
        await JsonSerializer.DeserializeAsync<T>(http.Request.Body, Json, http.RequestAborted)
        ?? throw new JsonException("The body is empty.");

    private static RequestDelegate Answer(Func<HttpContext, Task<object?>> work)
    {
        Task Handle(HttpContext http) => AnswerAsync(http, () => work(http));
        return Handle;
    }

    private static async Task AnswerAsync(HttpContext http, Func<Task<object?>> work)
    {
        object? answer;
        try
        {
            answer = await work();
        }
        catch (Exception fault) when (fault is JsonException or BadHttpRequestException)
        {
            http.Response.StatusCode = fault is BadHttpRequestException bad ? bad.StatusCode : 400;
            answer = new { error = fault.Message };
        }

        http.Response.ContentType = "application/json; charset=utf-8";
        await JsonSerializer.SerializeAsync(http.Response.Body, answer, Json, http.RequestAborted);
    }

    private static Task<object?> Now(object? answer) => Task.FromResult(answer);

    private static Task<object?> Now(Action work)
    {
        work();
        return Task.FromResult<object?>(new { ok = true });
    }

    private static async Task<object?> DoneAsync(Task work)
    {
        await work;
        return new { ok = true };
    }

    private static string? Query(HttpContext http, string name) =>
        http.Request.Query.TryGetValue(name, out var value) ? value.ToString() : null;

    private static int Number(HttpContext http, string name, int otherwise) =>
        int.TryParse(Query(http, name), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : otherwise;

    private sealed record Advance(double Seconds);

    private sealed record DomainStatus(string Name, string Status);

    private sealed record WebhookTarget(string Url, string? Secret);
}
