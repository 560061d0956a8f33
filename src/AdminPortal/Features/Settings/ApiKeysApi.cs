using AdminPortal.Api;
using Ledgerpost.Programs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Features.Settings;

/// <summary>A tenant's keys, for a key of scope admin.</summary>
internal static class ApiKeysApi
{
    public static void MapApiKeysApi(this IEndpointRouteBuilder api)
    {
        var keys = api.MapGroup("/api-keys").WithTags("API keys").RequireScope(ApiScopes.Admin);
        keys.MapGet("", ListAsync).Lists<ApiKeyShape>("listApiKeys", "Lists the keys that hold, newest first");
        keys.MapPost("", CreateAsync)
            .CreatesWithoutLocation<ApiKeyShape>("createApiKey", "Makes a key, within one's own scopes");
        keys.MapDelete("/{id:guid}", RevokeAsync).Deletes("revokeApiKey", "Revokes a key, at once and for good");
    }

    private static async Task<Ok<ApiPage<ApiKeyShape>>> ListAsync(PageRequest<Guid> page, ApiCall call, ApiKeyList keys)
    {
        var rows = await keys.ExecuteAsync(call.Caller, page.After, page.Take, call.Cancellation);
        return TypedResults.Ok(page.Page(rows, row => row.Id, ApiKeyShape.Of));
    }

    private static Task<IResult> CreateAsync(ApiBody<ApiKeyBody> body, ApiCall call, CreateApiKey create) =>
        call.RunAsync(
            (caller, token) => create.ExecuteAsync(caller, body.Value.ToInput(), token),
            outcome => ApiKeyAnswers.Of(outcome, "API key")
        );

    private static Task<IResult> RevokeAsync(Guid id, ApiCall call, RevokeApiKey revoke) =>
        call.RunAsync(
            (caller, token) => revoke.ExecuteAsync(caller, id, token),
            outcome => ApiKeyAnswers.Of(outcome, "API key")
        );
}
