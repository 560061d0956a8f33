using Ledgerpost.Data;
using Ledgerpost.Tenancy;

namespace AdminPortal.Api;

/// <summary>Whatever goes wrong under <c>/api</c> is told as a problem with a code, also what the framework refuses by itself.</summary>
internal sealed class ApiPipeline(RequestDelegate next, ILogger<ApiPipeline> logger)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            switch (http.GetEndpoint())
            {
                case RouteEndpoint:
                    await next(http);
                    break;
                case { RequestDelegate: { } refusal }:
                    // Routing's own answer to a wrong method or type, which asks for no key.
                    await refusal(http);
                    break;
                default:
                    http.Response.StatusCode = StatusCodes.Status404NotFound;
                    break;
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception) when (!http.Response.HasStarted)
        {
            await Problem(http, exception).ExecuteAsync(http);
            return;
        }

        if (!http.Response.HasStarted && http.Response.ContentType is null && Plain(http) is { } problem)
        {
            await problem.ExecuteAsync(http);
        }
    }

    private ApiProblem Problem(HttpContext http, Exception exception)
    {
        switch (exception)
        {
            case AccessDeniedException:
                return ApiErrors.InsufficientScope.Say("Nothing was done: this key may not do it, or was revoked.");
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return ApiErrors.BodyTooLarge.Say("Nothing was done. docs/api.md says how much each route takes.");
            case BadHttpRequestException bad:
                return ApiErrors.InvalidBody.Say(bad.Message);
            case CommitInDoubtException:
                logger.LogError(
                    exception,
                    "The commit of {Method} {Path} is in doubt.",
                    http.Request.Method,
                    http.Request.Path
                );
                http.Response.Headers.RetryAfter = "1";
                return ApiErrors.CommitInDoubt.Say(
                    "It was saved or not. Send the same request again with the same Idempotency-Key: it is carried out at most once."
                );
            default:
                logger.LogError(exception, "{Method} {Path} failed.", http.Request.Method, http.Request.Path);
                if (StorageFailures.OfPostgreSql(exception) is { IsTransient: true })
                {
                    http.Response.Headers.RetryAfter = "5";
                    return ApiErrors.Unavailable.Say("Nothing was done. Send the same request again in a few seconds.");
                }

                return ApiErrors.Internal.Say(
                    "What was begun was undone. The portal's log says more; send the same request again with the same Idempotency-Key."
                );
        }
    }

    private static ApiProblem? Plain(HttpContext http) =>
        http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => ApiErrors.NotFound.Say("There is no such route. docs/api.md lists them."),
            StatusCodes.Status405MethodNotAllowed => ApiErrors.MethodNotAllowed.Say(
                $"Here only {http.Response.Headers.Allow} can be used."
            ),
            StatusCodes.Status413PayloadTooLarge => ApiErrors.BodyTooLarge.Say("Nothing was done."),
            StatusCodes.Status415UnsupportedMediaType => ApiErrors.UnsupportedMediaType.Say("Nothing was done."),
            StatusCodes.Status400BadRequest => ApiErrors.InvalidBody.Say(
                "Nothing was done: the request cannot be read."
            ),
            _ => null,
        };
}
