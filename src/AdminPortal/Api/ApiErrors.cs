using System.Text.Json;
using Ledgerpost.Contacts;
using Ledgerpost.Programs;

namespace AdminPortal.Api;

/// <summary>A problem of RFC 9457 with a code that programs may rely on; each is named once, in <see cref="ApiErrors"/>.</summary>
public sealed record ApiError(int Status, string Code, string Title)
{
    /// <param name="detail">What happened, what was kept and what to do next, as a sentence.</param>
    /// <param name="more">Further members of the problem.</param>
    public ApiProblem Say(string detail, object? more = null) => new(this, detail, [], more);

    public ApiProblem Say(string detail, IEnumerable<FieldError> errors) => new(this, detail, [.. errors], null);
}

/// <summary>Every code that the API answers. docs/api.md lists them, and a test compares.</summary>
public static class ApiErrors
{
    public static readonly ApiError InvalidBody = new(400, "invalid_body", "The body is not valid JSON");
    public static readonly ApiError UnknownParameter = new(
        400,
        "unknown_parameter",
        "The address has a parameter that is not known"
    );
    public static readonly ApiError InvalidCursor = new(400, "invalid_cursor", "The cursor is not one of ours");
    public static readonly ApiError InvalidIdempotencyKey = new(
        400,
        "invalid_idempotency_key",
        "The Idempotency-Key is not valid"
    );
    public static readonly ApiError IdempotencyKeyRequired = new(
        400,
        "idempotency_key_required",
        "Sending needs an Idempotency-Key"
    );
    public static readonly ApiError MissingApiKey = new(401, "missing_api_key", "No API key was sent");
    public static readonly ApiError InvalidApiKey = new(401, "invalid_api_key", "The API key is not valid");
    public static readonly ApiError InsufficientScope = new(403, "insufficient_scope", "The key may not do this");
    public static readonly ApiError NotFound = new(404, "not_found", "There is nothing here");
    public static readonly ApiError MethodNotAllowed = new(405, "method_not_allowed", "Not with this method");
    public static readonly ApiError RequestInProgress = new(
        409,
        "request_in_progress",
        "The same request is being carried out"
    );
    public static readonly ApiError AlreadyExists = new(409, "already_exists", "It is there already");
    public static readonly ApiError InUse = new(409, "in_use", "It is still needed");
    public static readonly ApiError Changed = new(409, "changed_meanwhile", "It was changed meanwhile");
    public static readonly ApiError NotADraft = new(409, "not_a_draft", "The campaign is not a draft any more");
    public static readonly ApiError AlreadyLaunched = new(409, "already_launched", "The campaign was launched before");
    public static readonly ApiError NotResumable = new(409, "not_resumable", "The campaign cannot be resumed");
    public static readonly ApiError AlreadyFollowed = new(409, "already_followed", "The campaign has a follow-up");
    public static readonly ApiError NotInThisState = new(409, "not_in_this_state", "Not in the campaign's state");
    public static readonly ApiError HasOwner = new(409, "tenant_has_owner", "The tenant has an owner");
    public static readonly ApiError HasKey = new(409, "tenant_has_key", "The tenant has had a key");
    public static readonly ApiError SegmentHasRule = new(409, "segment_has_rule", "The segment has a rule");
    public static readonly ApiError EndpointDisabled = new(409, "endpoint_disabled", "The endpoint is disabled");
    public static readonly ApiError AlreadyDecided = new(409, "already_decided", "The call was decided before");
    public static readonly ApiError NotUnknown = new(409, "not_unknown", "What became of the call is known");
    public static readonly ApiError MailInDoubt = new(409, "mail_in_doubt", "A mail to the person is in doubt");
    public static readonly ApiError PersonIsMember = new(409, "person_is_member", "The person is a member");
    public static readonly ApiError ImportRunning = new(409, "import_running", "An import is running");
    public static readonly ApiError BodyTooLarge = new(413, "body_too_large", "The body is too large");
    public static readonly ApiError UnsupportedMediaType = new(
        415,
        "unsupported_media_type",
        "Not a type that is read here"
    );
    public static readonly ApiError ValidationFailed = new(422, "validation_failed", "Some fields are wrong");
    public static readonly ApiError IdempotencyKeyReused = new(
        422,
        "idempotency_key_reused",
        "The Idempotency-Key was used for another request"
    );
    public static readonly ApiError NotLaunchable = new(422, "not_launchable", "The campaign cannot be sent yet");
    public static readonly ApiError Suppressed = new(422, "address_suppressed", "The address is not mailed");
    public static readonly ApiError ProviderRefused = new(422, "provider_refused", "The mail provider refused it");
    public static readonly ApiError RateLimited = new(429, "rate_limited", "Too many requests");
    public static readonly ApiError Internal = new(500, "internal_error", "This should not have happened");
    public static readonly ApiError CommitInDoubt = new(503, "commit_in_doubt", "It is not known whether it was saved");
    public static readonly ApiError Unavailable = new(503, "unavailable", "The database does not answer");

    /// <summary>By their order above, which is that of their status.</summary>
    public static IReadOnlyList<ApiError> All { get; } =
    [
        .. typeof(ApiErrors)
            .GetFields()
            .Where(field => field.FieldType == typeof(ApiError))
            .Select(field => (ApiError)field.GetValue(null)!),
    ];

    public static ApiProblem Fields(IEnumerable<FieldError> errors) =>
        ValidationFailed.Say("Nothing was done. Each wrong field is named under errors.", errors);

    public static ApiProblem Unknown(string what) => NotFound.Say($"There is no {what} with this id.");
}

/// <summary>One occurrence of an error.</summary>
public sealed record ApiProblem(ApiError Error, string Detail, IReadOnlyList<FieldError> Errors, object? More) : IResult
{
    private const string ContentType = "application/problem+json";

    /// <summary>Also the answer of a command.</summary>
    public CommandAnswer ToAnswer() => new(Error.Status, Json());

    public static implicit operator CommandAnswer(ApiProblem problem) => problem.ToAnswer();

    public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext.Response, Error.Status, Json());

    internal static async Task WriteAsync(HttpResponse response, int status, string json)
    {
        response.StatusCode = status;
        response.ContentType = ContentType;
        await response.WriteAsync(json, response.HttpContext.RequestAborted);
    }

    private string Json()
    {
        var members = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["type"] = $"urn:ledgerpost:problem:{Error.Code}",
            ["title"] = Error.Title,
            ["status"] = Error.Status,
            ["code"] = Error.Code,
            ["detail"] = Detail,
        };
        if (Errors.Count > 0)
        {
            members["errors"] = Errors.Select(error => new ProblemField(
                JsonNamingPolicy.SnakeCaseLower.ConvertName(error.Field),
                error.Message
            ));
        }

        if (More is not null)
        {
            foreach (var member in JsonSerializer.SerializeToElement(More, ApiJson.Options).EnumerateObject())
            {
                members[member.Name] = member.Value;
            }
        }

        return JsonSerializer.Serialize(members, ApiJson.Options);
    }
}

/// <summary>A wrong field.</summary>
public sealed record ProblemField(string Field, string Message);

/// <summary>The problem as the OpenAPI document describes it.</summary>
public sealed record ProblemShape(
    string Type,
    string Title,
    int Status,
    string Code,
    string Detail,
    IReadOnlyList<ProblemField>? Errors
);
