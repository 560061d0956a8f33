using Ledgerpost.Programs;
using Microsoft.AspNetCore.Authorization;

namespace AdminPortal.Api;

/// <summary>Which keys a route takes: one scope of several is enough.</summary>
public sealed record ApiAccess(ApiScopes Scopes, bool OperatorOnly = false);

internal static class ApiPolicies
{
    public const string Scheme = "ApiKey";

    /// <summary>For keys of tenants that hold one of the scopes.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder routes, ApiScopes scopes)
        where TBuilder : IEndpointConventionBuilder =>
        routes.Require(
            new ApiAccess(scopes),
            key => key is ProgramIdentity.OfTenant of && (of.Scopes & scopes) != ApiScopes.None
        );

    /// <summary>For operators' keys, which see tenants and not their content.</summary>
    public static TBuilder RequireOperatorKey<TBuilder>(this TBuilder routes)
        where TBuilder : IEndpointConventionBuilder =>
        routes.Require(new ApiAccess(ApiScopes.None, OperatorOnly: true), key => key is ProgramIdentity.Operator);

    private static TBuilder Require<TBuilder>(this TBuilder routes, ApiAccess access, Func<ProgramIdentity, bool> may)
        where TBuilder : IEndpointConventionBuilder
    {
        routes.RequireAuthorization(
            new AuthorizationPolicyBuilder(Scheme)
                .RequireAuthenticatedUser()
                .RequireAssertion(context => context.User.Program() is { } key && may(key))
                .Build()
        );
        return routes.WithMetadata(access);
    }
}
