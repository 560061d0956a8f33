using Ledgerpost.Data;
using Ledgerpost.Identity;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Identity;

namespace AdminPortal.Account;

/// <summary>Identity: cookie, lock-out, keys in the database, and the wall around everything else.</summary>
internal static class AccountServices
{
    /// <summary>How long a session outlives a changed password or a closed account.</summary>
    public static readonly TimeSpan Revalidation = TimeSpan.FromMinutes(2);

    public static void AddPortalAccounts(this IServiceCollection services, IHostEnvironment environment)
    {
        services.AddHttpContextAccessor();
        services.AddDataProtection().SetApplicationName("Ledgerpost");
        services
            .AddOptions<KeyManagementOptions>()
            .Configure<PortalDb>((options, db) => options.XmlRepository = new StoredKeys(db));
        services.AddIdentityCore<PortalUser>(Configure).AddSignInManager().AddClaimsPrincipalFactory<PortalClaims>();
        services.AddScoped<IUserStore<PortalUser>>(all => new PortalUserStore(all.GetRequiredService<PortalDb>()));
        services.Configure<SecurityStampValidatorOptions>(options => options.ValidationInterval = Revalidation);
        services.AddScoped<IClaimsTransformation, RequestOrigin>();
        services.AddScoped<AuthenticationStateProvider, RevalidatePerson>();
        services.AddScoped<SignIn>();
        services.AddSingleton<RecordSignIn>();
        services.AddSingleton<UseSetUpLink>();
        AddCookie(services, environment);
        services
            .AddAuthorizationBuilder()
            .AddPolicy(
                AccountPolicies.Operator,
                policy => policy.RequireClaim(PortalPrincipal.OperatorClaim, bool.TrueString)
            )
            // Whatever does not say otherwise is behind sign-in; a test walks through every route.
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
    }

    private static void Configure(IdentityOptions options)
    {
        options.Password.RequiredLength = PasswordRules.LeastLength;
        options.Password.RequiredUniqueChars = 1;
        options.Password.RequireDigit = false;
        options.Password.RequireLowercase = false;
        options.Password.RequireUppercase = false;
        options.Password.RequireNonAlphanumeric = false;
        options.Lockout.AllowedForNewUsers = true;
        options.Lockout.MaxFailedAccessAttempts = 5;
        options.Lockout.DefaultLockoutTimeSpan = TimeSpan.FromMinutes(15);
        // The name is an e-mail address that EmailAddress has checked already.
        options.User.AllowedUserNameCharacters = "";
    }

    private static void AddCookie(IServiceCollection services, IHostEnvironment environment)
    {
        services
            .AddAuthentication(IdentityConstants.ApplicationScheme)
            .AddCookie(
                IdentityConstants.ApplicationScheme,
                options =>
                {
                    options.Cookie.Name = "ledgerpost";
                    options.Cookie.HttpOnly = true;
                    options.Cookie.SameSite = SameSiteMode.Lax;
                    // Development runs on plain http; elsewhere a proxy may end TLS, but the browser must see https.
                    options.Cookie.SecurePolicy = environment.IsDevelopment()
                        ? CookieSecurePolicy.SameAsRequest
                        : CookieSecurePolicy.Always;
                    options.ExpireTimeSpan = TimeSpan.FromHours(12);
                    options.SlidingExpiration = true;
                    options.LoginPath = PortalUrls.SignIn;
                    options.LogoutPath = PortalUrls.SignOut;
                    options.AccessDeniedPath = PortalUrls.AccessDenied;
                    options.ReturnUrlParameter = "returnUrl";
                    options.Events.OnValidatePrincipal = SecurityStampValidator.ValidatePrincipalAsync;
                }
            )
            // The sign-in manager signs out of these as well, so they must exist.
            .AddCookie(IdentityConstants.ExternalScheme)
            .AddCookie(IdentityConstants.TwoFactorUserIdScheme)
            .AddCookie(IdentityConstants.TwoFactorRememberMeScheme);
    }
}
