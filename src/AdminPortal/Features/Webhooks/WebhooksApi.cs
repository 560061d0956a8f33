using Ledgerpost.Webhooks;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Features.Webhooks;

/// <summary>Where the provider reports. No sign-in: the signature is the proof.</summary>
public static class WebhooksApi
{
    /// <summary>The provider's largest event is a few KB.</summary>
    private const int MaxBodyBytes = 256 * 1024;

    public static void MapWebhooks(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/webhooks/resend", ReceiveAsync).AllowAnonymous().DisableAntiforgery();

    // The raw body: a parsed and written one would have another signature.
    private static async Task<Results<Ok, UnauthorizedHttpResult, StatusCodeHttpResult>> ReceiveAsync(
        HttpRequest request,
        ReceiveWebhook receive,
        CancellationToken cancellation
    )
    {
        if (await ReadAsync(request, cancellation) is not { } body)
        {
            return TypedResults.StatusCode(StatusCodes.Status413PayloadTooLarge);
        }

        var receipt = await receive.ExecuteAsync(
            request.Headers["svix-id"].ToString(),
            request.Headers["svix-timestamp"].ToString(),
            request.Headers["svix-signature"].ToString(),
            body,
            cancellation
        );
        return receipt == WebhookReceipt.NotOurs ? TypedResults.Unauthorized() : TypedResults.Ok();
    }

    private static async Task<byte[]?> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        var buffer = new byte[MaxBodyBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(
            buffer,
            buffer.Length,
            throwOnEndOfStream: false,
            cancellation
        );
        return length > MaxBodyBytes ? null : buffer[..length];
    }
}
