using System.ComponentModel.DataAnnotations;
using AdminPortal.Api;
using Ledgerpost.Contacts;
using Ledgerpost.Outbox;
using Ledgerpost.OutgoingEvents;
using Ledgerpost.Programs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Features.OutgoingEvents;

/// <summary>Where a tenant's own programs are told of events, and what became of it.</summary>
internal static class WebhookEndpointsApi
{
    public static void MapWebhookEndpointsApi(this IEndpointRouteBuilder api)
    {
        var endpoints = api.MapGroup("/webhook-endpoints").WithTags("Webhook endpoints");
        var keep = endpoints.MapGroup("").RequireScope(ApiScopes.Admin);
        keep.MapGet("", ListAsync).Lists<EndpointShape>("listWebhookEndpoints", "Lists endpoints, newest first");
        keep.MapPost("", CreateAsync)
            .CreatesWithoutLocation<EndpointShape>(
                "createWebhookEndpoint",
                "Subscribes an address; the secret is in this answer alone"
            );
        keep.MapGet("/{id:guid}", FindAsync).Shows<EndpointShape>("getWebhookEndpoint", "Shows an endpoint");
        keep.MapPatch("/{id:guid}", ChangeAsync)
            .Changes<EndpointShape>("changeWebhookEndpoint", "Changes address or events, switches it on or off");
        keep.MapDelete("/{id:guid}", DeleteAsync)
            .Deletes("deleteWebhookEndpoint", "Deletes an endpoint with its log; what waits is not sent");
        keep.MapPost("/{id:guid}/rotate-secret", RotateAsync)
            .CreatesWithoutLocation<EndpointShape>(
                "rotateWebhookSecret",
                "Makes a new secret; the old one signs beside it for a day",
                ApiErrors.NotFound
            );
        keep.MapPost("/{id:guid}/test", TestAsync)
            .Begins<AskedShape>(
                "testWebhookEndpoint",
                "Sends an event of type endpoint.test",
                sends: false,
                ApiErrors.NotFound,
                ApiErrors.EndpointDisabled
            );
        keep.MapPost("/deliveries/{id:guid}/replay", ReplayAsync)
            .Begins<AskedShape>(
                "replayWebhookDelivery",
                "Sends a delivery again, under the id that it had",
                sends: false,
                ApiErrors.NotFound,
                ApiErrors.EndpointDisabled
            );
        endpoints
            .MapGet("/{id:guid}/deliveries", DeliveriesAsync)
            .RequireScope(ApiScopes.Read | ApiScopes.Admin)
            .Lists<DeliveryShape>("listWebhookDeliveries", "Lists what was sent and what waits, newest first")
            .Problems(ApiErrors.NotFound);
    }

    private static async Task<Ok<ApiPage<EndpointShape>>> ListAsync(
        PageRequest<Guid> page,
        ApiCall call,
        EndpointList endpoints
    )
    {
        var rows = await endpoints.ExecuteAsync(call.Caller.Scope, page.After, page.Take, call.Cancellation);
        return TypedResults.Ok(page.Page(rows, row => row.Id, row => EndpointShape.Of(row)));
    }

    private static async Task<IResult> FindAsync(Guid id, ApiCall call, EndpointList endpoints) =>
        await endpoints.FindAsync(call.Caller.Scope, id, call.Cancellation) is { } row
            ? TypedResults.Ok(EndpointShape.Of(row))
            : ApiErrors.Unknown("webhook endpoint");

    private static Task<IResult> CreateAsync(ApiBody<EndpointBody> body, ApiCall call, CreateEndpoint create) =>
        call.RunAsync((caller, token) => create.ExecuteAsync(caller, body.Value.ToInput(), token), Answer);

    private static Task<IResult> ChangeAsync(
        Guid id,
        ApiBody<EndpointPatch> body,
        ApiCall call,
        ChangeEndpoint change
    ) =>
        call.RunAsync(
            (caller, token) =>
                change.ExecuteAsync(
                    caller,
                    id,
                    row => new EndpointInput(
                        body.Has("url") ? body.Value.Url : row.Url,
                        body.Has("events") ? body.Value.Events : row.Events,
                        body.Value.Enabled
                    ),
                    token
                ),
            Answer
        );

    private static Task<IResult> DeleteAsync(Guid id, ApiCall call, DeleteEndpoint delete) =>
        call.RunAsync((caller, token) => delete.ExecuteAsync(caller, id, token), Answer);

    private static Task<IResult> RotateAsync(Guid id, ApiCall call, RotateEndpointSecret rotate) =>
        call.RunAsync((caller, token) => rotate.ExecuteAsync(caller, id, token), Answer);

    private static Task<IResult> TestAsync(Guid id, ApiCall call, SendTestEvent test) =>
        call.RunAsync((caller, token) => test.ExecuteAsync(caller, id, token), Answer);

    private static Task<IResult> ReplayAsync(Guid id, ApiCall call, ReplayDelivery replay) =>
        call.RunAsync(
            (caller, token) => replay.ExecuteAsync(caller, id, token),
            outcome => outcome is EndpointOutcome.NotFound ? ApiErrors.Unknown("delivery") : Answer(outcome)
        );

    private static async Task<IResult> DeliveriesAsync(
        Guid id,
        PageRequest<Guid> page,
        ApiCall call,
        DeliveryList deliveries,
        ApiQuery<DeliveryState> state
    ) =>
        await deliveries.ExecuteAsync(call.Caller.Scope, id, state.Value, page.After, page.Take, call.Cancellation)
            is { } rows
            ? TypedResults.Ok(page.Page(rows, row => row.Id, DeliveryShape.Of))
            : ApiErrors.Unknown("webhook endpoint");

    private static CommandAnswer Answer(EndpointOutcome outcome) =>
        outcome switch
        {
            EndpointOutcome.Saved { Secret: { } secret } saved => ApiAnswers.Once(
                EndpointShape.Of(saved.Endpoint, secret),
                EndpointShape.Of(saved.Endpoint)
            ),
            EndpointOutcome.Saved saved => ApiAnswers.Of(StatusCodes.Status200OK, EndpointShape.Of(saved.Endpoint)),
            EndpointOutcome.Asked asked => ApiAnswers.Of(
                StatusCodes.Status202Accepted,
                new AskedShape(asked.DeliveryId)
            ),
            EndpointOutcome.Deleted => ApiAnswers.NoContent,
            EndpointOutcome.Invalid invalid => ApiErrors.Fields(invalid.Errors),
            EndpointOutcome.NotEnabled => ApiErrors.EndpointDisabled.Say(
                "Nothing was sent. Switch the endpoint on first: PATCH it with enabled true."
            ),
            _ => ApiErrors.Unknown("webhook endpoint"),
        };
}

/// <summary>A new endpoint.</summary>
/// <param name="Events">Names such as <c>campaign.sent</c>; docs/api.md lists them.</param>
internal sealed record EndpointBody(
    [property: Required] string? Url,
    [property: Required] IReadOnlyList<string>? Events
) : ICheckedBySettings
{
    public EndpointInput ToInput() => new(Url, Events);

    public IEnumerable<FieldError> Check(Func<string, bool> has, IServiceProvider services) =>
        ToInput().Problems(services.GetRequiredService<OutgoingEventOptions>());
}

/// <summary>What is to change; what is not sent stays.</summary>
internal sealed record EndpointPatch(string? Url, IReadOnlyList<string>? Events, bool? Enabled) : ICheckedBySettings
{
    public IEnumerable<FieldError> Check(Func<string, bool> has, IServiceProvider services) =>
        new EndpointBody(Url, Events)
            .Check(has, services)
            .Where(problem => has(problem.Field == nameof(Url) ? "url" : "events"));
}

/// <param name="Secret">Only in the answer that made it; null ever after, also when that answer is replayed.</param>
/// <param name="DisabledReason">Why it is disabled: a person, five days of failures, or a 410 of its own.</param>
/// <param name="FailingSince">The first failure since the last success, or since a day in which nothing was tried.</param>
/// <param name="OldSecretUntil">Until then the former secret signs too.</param>
internal sealed record EndpointShape(
    Guid Id,
    string Url,
    IReadOnlyList<string> Events,
    bool Enabled,
    string? Secret,
    DisabledReason? DisabledReason,
    DateTimeOffset? DisabledAt,
    DateTimeOffset? FailingSince,
    DateTimeOffset? LastDeliveredAt,
    DateTimeOffset? OldSecretUntil,
    DateTimeOffset CreatedAt
)
{
    public static EndpointShape Of(EndpointRow row, string? secret = null) =>
        new(
            row.Id,
            row.Url,
            row.Events,
            row.State == EndpointState.Enabled,
            secret,
            row.DisabledReason,
            row.DisabledAt,
            row.FailingSince,
            row.LastDeliveredAt,
            row.OldSecretUntil,
            row.CreatedAt
        );
}

/// <summary>What goes out within moments.</summary>
internal sealed record AskedShape(Guid DeliveryId);

/// <param name="MessageId">The header webhook-id, the same for each try and each replay.</param>
/// <param name="Tries">Since it was written, or last replayed.</param>
/// <param name="LastDurationMs">Milliseconds to the answer.</param>
internal sealed record DeliveryShape(
    Guid Id,
    string MessageId,
    string Type,
    DateTimeOffset OccurredAt,
    Guid? CampaignId,
    int? RecipientNumber,
    DeliveryState State,
    int Tries,
    int Replays,
    DateTimeOffset? NextTryAt,
    DateTimeOffset? LastTryAt,
    int? LastStatus,
    string? LastError,
    int? LastDurationMs
)
{
    public static DeliveryShape Of(DeliveryRow row) =>
        new(
            row.Id,
            DeliverEvents.MessageId(row.Id),
            row.Type,
            row.OccurredAt,
            row.CampaignId,
            row.RecipientNumber,
            row.State,
            row.Tries,
            row.Replays,
            row.NextTryAt,
            row.LastTryAt,
            row.LastStatus,
            row.LastError,
            row.LastDuration
        );
}
