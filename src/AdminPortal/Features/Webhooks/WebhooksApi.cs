using AdminPortal.Hosting;
using Ledgerpost.Webhooks;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Answer = Microsoft.AspNetCore.Http.HttpResults.Results<
    Microsoft.AspNetCore.Http.HttpResults.Ok,
    Microsoft.AspNetCore.Http.HttpResults.UnauthorizedHttpResult,
    Microsoft.AspNetCore.Http.HttpResults.StatusCodeHttpResult
>;

namespace AdminPortal.Features.Webhooks;

/// <summary>Where the provider reports. No sign-in: the signature is the proof.</summary>
public static class WebhooksApi
{
    /// <summary>The provider's largest event is a few KB.</summary>
    private const int MaxBodyBytes = 1024 * 1024;

    /// <summary>What an event nearly always fits in.</summary>
    private const int UsualBodyBytes = 4 * 1024;

    public static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        // Past the middleware of pages: nothing of it means anything to the provider.
        routes.MapPost("/webhooks/resend", ReceiveAsync).DisableAntiforgery().ShortCircuit();
        routes.MapPost("/webhooks/resend/{tenant}", ReceiveOwnAsync).DisableAntiforgery().ShortCircuit();
    }

    private static Task<Answer> ReceiveAsync(
        HttpRequest request,
        ReceiveWebhook receive,
        FailedAttempts attempts,
        CancellationToken cancellation
    ) =>
        TakeAsync(
            request,
            new Knocks(attempts, Door.Webhook, ""),
            (id, timestamp, signatures, body) => receive.ExecuteAsync(id, timestamp, signatures, body, cancellation),
            cancellation
        );

    /// <summary>
    /// For a tenant with a provider account of its own. Only a secret of its own signs here: the installation's does not, or it
    /// would speak for an account that it is not. A tenant that has none, or is none, gets the same answer.
    /// </summary>
    private static Task<Answer> ReceiveOwnAsync(
        string tenant,
        HttpRequest request,
        ReceiveWebhook receive,
        FailedAttempts attempts,
        CancellationToken cancellation
    ) =>
        TakeAsync(
            request,
            new Knocks(attempts, Door.OwnWebhook, tenant),
            (id, timestamp, signatures, body) =>
                receive.ExecuteAsync(tenant, id, timestamp, signatures, body, cancellation),
            cancellation
        );

    private static async Task<Answer> TakeAsync(
        HttpRequest request,
        Knocks knocks,
        Func<string, string, string, ReadOnlyMemory<byte>, Task<WebhookReceipt>> receive,
        CancellationToken cancellation
    )
    {
        if (await ReadAsync(request, cancellation) is not { } body)
        {
            return TypedResults.StatusCode(StatusCodes.Status413PayloadTooLarge);
        }

        var receipt = await receive(
            request.Headers["svix-id"].ToString(),
            request.Headers["svix-timestamp"].ToString(),
            request.Headers["svix-signature"].ToString(),
            body
        );
        switch (receipt)
        {
            case WebhookReceipt.NotOurs:
                // Asked after the signature: whoever else has the provider call from its few addresses keeps no event of ours out.
                if (knocks.Attempts.IsShut(knocks.Door, request.HttpContext, knocks.At))
                {
                    return TypedResults.StatusCode(StatusCodes.Status429TooManyRequests);
                }

                knocks.Attempts.Failed(knocks.Door, request.HttpContext, knocks.At);
                return TypedResults.Unauthorized();
            case WebhookReceipt.TooMany:
                request.HttpContext.Response.Headers.RetryAfter = FormattableString.Invariant(
                    $"{EventAllowance.ComeAgain.TotalSeconds}"
                );
                return TypedResults.StatusCode(StatusCodes.Status429TooManyRequests);
            default:
                return TypedResults.Ok();
        }
    }

    // The raw body: a parsed and written one would have another signature.
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (request.ContentLength > MaxBodyBytes)
        {
            return null;
        }

        // Whoever does not say how much it is gets as much memory as has come, and is cut off where it is too much.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxBodyBytes;
        }

        var buffer = new byte[request.ContentLength ?? UsualBodyBytes];
        var length = 0;
        try
        {
            while (true)
            {
                if (length == buffer.Length)
                {
                    if (length == request.ContentLength)
                    {
                        return buffer;
                    }

                    Array.Resize(ref buffer, Math.Min(2 * Math.Max(length, UsualBodyBytes), MaxBodyBytes + 1));
                }

                var read = await request.Body.ReadAsync(buffer.AsMemory(length), cancellation);
                if (read == 0)
                {
                    return buffer.AsMemory(0, length);
                }

                length += read;
                if (length > MaxBodyBytes)
                {
                    return null;
                }
            }
        }
        catch (BadHttpRequestException tooLarge) when (tooLarge.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return null;
        }
    }

    /// <summary>Where wrong signatures of this address are counted.</summary>
    private sealed record Knocks(FailedAttempts Attempts, Door Door, string At);
}
