using AdminPortal.Hosting;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Sending;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Identity;

namespace AdminPortal.Account;

/// <summary>Identity: cookie, lock-out, keys in the database, and the wall around everything else.</summary>
internal static class AccountServices
{
    public static void AddPortalAccounts(this IServiceCollection services, IHostEnvironment environment)
    {
        services.AddHttpContextAccessor();
        services.AddKeyRing();
        services.AddIdentityCore<PortalUser>(Configure).AddSignInManager();
        services.AddScoped<IUserStore<PortalUser>>(all => new PortalUserStore(all.GetRequiredService<PortalDb>()));
        services.AddScoped<IClaimsTransformation, RequestOrigin>();
        services.AddScoped<AuthenticationStateProvider, RevalidatePerson>();
        services.AddScoped<SignIn>();
        services.AddSingleton<SignInWithPassword>();
        services.AddSingleton<SignInWithCode>();
        services.AddSingleton<OpenSession>();
        services.AddSingleton<CheckSession>();
        services.AddSingleton<SessionList>();
        services.AddSingleton<EndSessions>();
        services.AddSingleton<OperatorList>();
        services.AddSingleton<AddOperator>();
        services.AddSingleton<RemoveOperator>();
        services.AddSingleton(all =>
        {
            var portal = all.GetRequiredService<Hosting.PortalOptions>();
            return new AccountMailOptions(portal.MailFrom, (kind, token) => portal.PublicUrl + PathOf(kind, token));
        });
        services.AddSingleton<AccountMailSignal>();
        services.AddSingleton<AccountMailer>();
        services.AddSingleton<AskForReset>();
        services.AddSingleton<AnswerResetRequests>();
        services.AddSingleton<ResetPassword>();
        services.AddSingleton<ChangePassword>();
        services.AddSingleton<DeliverAccountMail>();
        services.AddSingleton<ForgetAccountMails>();
        services.AddHostedService<Hosting.AccountMailService>();
        services.AddPasskeys();
        services.AddSingleton<AuthenticatorSecrets>();
        services.AddSingleton<SecondFactorState>();
        services.AddSingleton<EnableAuthenticator>();
        services.AddSingleton<ChangeSecondFactor>();
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

    private static string PathOf(AccountMailKind kind, string token) =>
        kind switch
        {
            AccountMailKind.Invitation => PortalUrls.Join(token),
            AccountMailKind.PasswordReset => PortalUrls.Reset(token),
            // To owners: the token is their organisation's name in addresses.
            AccountMailKind.DomainUnverified => PortalUrls.Senders(token),
            AccountMailKind.EndpointDisabled => PortalUrls.Webhooks(token),
            _ => PortalUrls.SetUp(token),
        };

    private static void Configure(IdentityOptions options)
    {
        options.Password.RequiredLength = PasswordRules.LeastLength;
        options.Password.RequiredUniqueChars = 1;
        options.Password.RequireDigit = false;
        options.Password.RequireLowercase = false;
        options.Password.RequireUppercase = false;
        options.Password.RequireNonAlphanumeric = false;
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
                    options.ExpireTimeSpan = UserSession.IdleLimit;
                    options.SlidingExpiration = true;
                    options.LoginPath = PortalUrls.SignIn;
                    options.LogoutPath = PortalUrls.SignOut;
                    options.AccessDeniedPath = PortalUrls.AccessDenied;
                    options.ReturnUrlParameter = "returnUrl";
                    options.Events.OnValidatePrincipal = ValidateSession.OfRequestAsync;
                    options.Events.OnRedirectToLogin = context =>
                    {
                        context.Response.Redirect(ValidateSession.WithReason(context.RedirectUri, context.HttpContext));
                        return Task.CompletedTask;
                    };
                }
            )
            .AddCookie(SignIn.FirstStepScheme, options => ForMinutes(options, "ledgerpost-step", environment))
            // Where Identity keeps the question that a passkey answers.
            .AddCookie(
                IdentityConstants.TwoFactorUserIdScheme,
                options => ForMinutes(options, "ledgerpost-passkey", environment)
            );
    }

    private static void ForMinutes(CookieAuthenticationOptions options, string name, IHostEnvironment environment)
    {
        options.Cookie.Name = name;
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Strict;
        options.Cookie.SecurePolicy = environment.IsDevelopment()
            ? CookieSecurePolicy.SameAsRequest
            : CookieSecurePolicy.Always;
        options.ExpireTimeSpan = TimeSpan.FromMinutes(10);
        options.SlidingExpiration = false;
    }
}
