using System.Security.Claims;
using System.Text.Encodings.Web;
using AdminPortal.Account;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace AdminPortal.Api;

/// <summary><c>Authorization: Bearer lp_...</c>. What is refused is told as a problem, never by a redirect to a page.</summary>
internal sealed class ApiKeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    FindProgram programs,
    ApiRates rates,
    PortalDb portal
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    private const string Bearer = "Bearer ";

    // Longer than any key; a header of kilobytes is not hashed.
    private const int MaxTokenLength = 200;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Token() is not { } token)
        {
            return AuthenticateResult.NoResult();
        }

        return
            token.Length <= MaxTokenLength
            && token.StartsWith(ApiToken.TenantPrefix, StringComparison.Ordinal)
            && await programs.ExecuteAsync(token, RequestOrigin.Of(Context).From, Context.RequestAborted) is { } program
            ? AuthenticateResult.Success(
                new AuthenticationTicket(new ClaimsPrincipal(new ProgramPrincipal(program)), Scheme.Name)
            )
            : AuthenticateResult.Fail("The key is not known, or was revoked.");
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return Token() is null
            ? ApiErrors
                .MissingApiKey.Say("Send your key as the header Authorization: Bearer lp_...")
                .ExecuteAsync(Context)
            : ApiErrors
                .InvalidApiKey.Say("This key is not known here, or was revoked. An owner makes a new one.")
                .ExecuteAsync(Context);
    }

    protected override async Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        if (rates.Take(Context) is { } tooMany)
        {
            await tooMany.ExecuteAsync(Context);
            return;
        }

        var access = Context.GetEndpoint()?.Metadata.GetMetadata<ApiAccess>();
        await NoteAsync(access);
        await (
            access is null or { OperatorOnly: true } ? ApiErrors.InsufficientScope.Say("This needs an operator's key.")
            : Context.User.Program() is ProgramIdentity.Operator
                ? ApiErrors.InsufficientScope.Say("This needs a tenant's key: an operator's sees no tenant's content.")
            : ApiErrors.InsufficientScope.Say(
                $"This needs a key with the scope {string.Join(" or ", access.Scopes.Names())}."
            )
        ).ExecuteAsync(Context);
    }

    private Task<bool> NoteAsync(ApiAccess? access)
    {
        var program = Context.User.Program()!;
        return portal.Tally.NoteAsync(
            Happening.RequestDenied(
                program is ProgramIdentity.OfTenant of ? of.TenantId : Guid.Empty,
                program.AsActor(RequestOrigin.Of(Context).From),
                Context.GetEndpoint()?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? Request.Method,
                access is null or { OperatorOnly: true } || program is ProgramIdentity.Operator
                    ? "not_this_kind_of_key"
                    : $"needs_{string.Join("_or_", access.Scopes.Names())}"
            )
        );
    }

    private string? Token() =>
        Request.Headers.Authorization.ToString() is { } header
        && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
        && header[Bearer.Length..].Trim() is { Length: > 0 } token
            ? token
            : null;
}

/// <summary>A program as the pipeline sees it.</summary>
internal sealed class ProgramPrincipal(ProgramIdentity program) : ClaimsIdentity(ApiPolicies.Scheme)
{
    public ProgramIdentity Key => program;
}

internal static class ProgramPrincipals
{
    /// <summary>Null for whoever does not show a key.</summary>
    public static ProgramIdentity? Program(this ClaimsPrincipal principal) =>
        principal.Identities.OfType<ProgramPrincipal>().FirstOrDefault()?.Key;
}
