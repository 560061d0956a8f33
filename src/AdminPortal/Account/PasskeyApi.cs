using System.Buffers.Text;
using System.Text.Json;
using AdminPortal.Hosting;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;

namespace AdminPortal.Account;

/// <summary>
/// What the browser's script says and hears about passkeys. Identity makes the question, keeps it in a cookie for ten minutes,
/// and checks the answer: the site, the origin, that the person was there and was recognised by the device.
/// </summary>
/// <remarks>
/// Bodies are JSON, which no form of another site can post, and each answer belongs to a question in a cookie that no other
/// site's request carries.
/// </remarks>
internal static class PasskeyApi
{
    public static void AddPasskeys(this IServiceCollection services)
    {
        services.AddSingleton<Passkeys>();
        services
            .AddOptions<IdentityPasskeyOptions>()
            .Configure<PortalOptions>(
                (options, portal) =>
                {
                    var site = new Uri(portal.PublicUrl);
                    // Never a request's own host, which whoever asks may choose.
                    options.ServerDomain = site.Host;
                    options.UserVerificationRequirement = "required";
                    options.ResidentKeyRequirement = "required";
                    options.ValidateOrigin = context =>
                        ValueTask.FromResult(
                            !context.CrossOrigin && context.Origin == site.GetLeftPart(UriPartial.Authority)
                        );
                }
            );
    }

    public static void MapPasskeys(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(PortalUrls.PasskeyQuestion, AskAsync).AllowAnonymous();
        routes.MapPost(PortalUrls.PasskeySignIn, SignInAsync).AllowAnonymous();
        routes.MapPost(PortalUrls.NewPasskeyQuestion, AskForNewAsync);
        routes.MapPost(PortalUrls.NewPasskey, AddAsync);
    }

    private static async Task<IResult> AskAsync(SignInManager<PortalUser> manager) =>
        Json(await manager.MakePasskeyRequestOptionsAsync(user: null));

    private static async Task<IResult> SignInAsync(
        PasskeyAnswer answer,
        HttpContext http,
        SignInManager<PortalUser> manager,
        Passkeys passkeys,
        SignIn signIn,
        FailedAttempts attempts
    )
    {
        if (!attempts.MayTry(Door.SignIn, http))
        {
            return Said(
                "Too many wrong attempts came from your network address. Wait a minute and try again.",
                StatusCodes.Status429TooManyRequests
            );
        }

        var proof = await Proof(() => manager.PerformPasskeyAssertionAsync(answer.Credential));
        if (
            proof is not { Succeeded: true, User: { } user, Passkey: { } passkey }
            || !await passkeys.UsedAsync(user.Id, passkey, http.RequestAborted)
        )
        {
            await passkeys.FailedAsync(IdOf(answer.Credential), RequestOrigin.Of(http), http.RequestAborted);
            return Said("This passkey is not known here. Sign in with your password instead.");
        }

        attempts.WasRight(Door.SignIn, http);
        await signIn.AsAsync(user.Id, SignInMethod.Passkey, http.RequestAborted);
        return TypedResults.Json(new { to = LocalUrl.OrHome(answer.ReturnUrl) });
    }

    private static async Task<IResult> AskForNewAsync(HttpContext http, SignInManager<PortalUser> manager) =>
        Json(
            await manager.MakePasskeyCreationOptionsAsync(
                new PasskeyUserEntity
                {
                    Id = http.User.UserId()!.Value.ToString(),
                    Name = http.User.Email(),
                    DisplayName = http.User.DisplayName(),
                }
            )
        );

    private static async Task<IResult> AddAsync(
        PasskeyAnswer answer,
        HttpContext http,
        SignInManager<PortalUser> manager,
        Passkeys passkeys
    )
    {
        var proof = await Proof(() => manager.PerformPasskeyAttestationAsync(answer.Credential));
        if (
            proof is not { Succeeded: true, Passkey: { } passkey, UserEntity: { } owner }
            || owner.Id != http.User.UserId()?.ToString()
        )
        {
            return Said("The device's answer was not taken. Nothing was changed; try again.");
        }

        try
        {
            return await passkeys.AddAsync(http.User.AsMember(), passkey, answer.Name, http.RequestAborted)
                ? (IResult)TypedResults.Json(new { to = PortalUrls.You() })
                : Said("This passkey is there already, or you have twenty.");
        }
        catch (AccessDeniedException denied)
        {
            return Said(denied.Message);
        }
    }

    /// <summary>An answer that cannot be read, or one without a question, is one that proves nothing.</summary>
    private static async Task<T?> Proof<T>(Func<Task<T>> check)
        where T : class
    {
        try
        {
            return await check();
        }
        catch (Exception exception)
            when (exception is InvalidOperationException or PasskeyException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Which passkey the answer says it is of; nothing of it is proven.</summary>
    private static byte[]? IdOf(string credential)
    {
        try
        {
            using var said = JsonDocument.Parse(credential);
            return Base64Url.DecodeFromChars(said.RootElement.GetProperty("id").GetString());
        }
        catch (Exception exception)
            when (exception
                    is JsonException
                        or InvalidOperationException
                        or KeyNotFoundException
                        or FormatException
                        or ArgumentException
            )
        {
            return null;
        }
    }

    private static ContentHttpResult Json(string options) => TypedResults.Content(options, "application/json");

    private static JsonHttpResult<PasskeyProblem> Said(string problem, int status = StatusCodes.Status400BadRequest) =>
        TypedResults.Json(new PasskeyProblem(problem), statusCode: status);

    /// <param name="Problem">A sentence for the person.</param>
    internal sealed record PasskeyProblem(string Problem);

    /// <param name="Credential">As the browser wrote it.</param>
    internal sealed record PasskeyAnswer(string Credential, string? Name, string? ReturnUrl);
}
