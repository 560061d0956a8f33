using System.Globalization;

namespace ResendEmulator.Protocol;

/// <summary>The provider's refusals, with its own names and texts where they are known.</summary>
public static class ApiErrors
{
    public static ApiAnswer Of(int status, string name, string message) =>
        ApiAnswer.Ok(
            new
            {
                statusCode = status,
                name,
                message,
            },
            status
        );

    public static ApiAnswer Invalid(string message, int status = 422) => Of(status, "validation_error", message);

    public static ApiAnswer Missing(string field) => Of(422, "missing_required_field", $"Missing `{field}` field.");

    public static ApiAnswer BadId() => Of(422, "invalid_parameter", "The `id` must be a valid UUID.");

    public static ApiAnswer NotFound(string what) => Of(404, "not_found", $"{what} not found");

    public static ApiAnswer MissingKey() =>
        Of(
            401,
            "missing_api_key",
            "Missing API key in the authorization header. Include the following header in the request: `Authorization: Bearer YOUR_API_KEY`"
        );

    public static ApiAnswer UnknownKey() => Invalid("API key is invalid", 401);

    public static ApiAnswer OnlySends() =>
        Of(401, "restricted_api_key", "This API key is restricted to only send emails");

    public static ApiAnswer Unverified(string domain) =>
        Invalid(
            $"The {domain} domain is not verified. Please, add and verify your domain on https://resend.com/domains",
            403
        );

    public static ApiAnswer TooFast(int limit, int retryAfter) =>
        Of(
                429,
                "rate_limit_exceeded",
                $"Too many requests. You can only make {limit} requests per second. See rate limit response headers for more information."
            )
            .With("retry-after", retryAfter.ToString(CultureInfo.InvariantCulture));

    public static ApiAnswer KeyLength() =>
        Of(400, "invalid_idempotency_key", "The idempotency key must be between 1 and 256 characters long.");

    public static ApiAnswer KeyBusy() =>
        Of(
            409,
            "concurrent_idempotent_requests",
            "Another request with the same idempotency key is currently in progress. Try again later."
        );

    public static ApiAnswer KeyOfOtherBody() =>
        Of(
            409,
            "invalid_idempotent_request",
            "This idempotency key has already been used on this HTTP method and endpoint with a different request body."
        );
}
