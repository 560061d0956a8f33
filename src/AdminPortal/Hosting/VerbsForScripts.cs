using System.Text.Json;
using AdminPortal.Api;
using AdminPortal.Features.Settings;
using AdminPortal.Features.Tenants;
using Ledgerpost;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace AdminPortal.Hosting;

/// <summary>
/// <c>tenant create</c> and <c>apikey create</c>. Standard output has what a script needs and nothing else: an id, a key, or
/// one JSON object.
/// </summary>
public static partial class Verbs
{
    private const int Wrong = 1;
    private const int Misused = 2;

    private const string Json = "--json";

    private const string Usage =
        "Usage:\n"
        + "  AdminPortal tenant create --name NAME [--slug SLUG] [--json] [settings]\n"
        + "  AdminPortal apikey create --tenant SLUG [--name NAME] [--scopes read,send] [--json] [settings]\n"
        + "Settings are those of a start, such as --Portal:DataDirectory=DIRECTORY. Nothing was made.";

    private const string WhileRunning =
        "A verb cannot yet ask a portal that runs. Stop it for a moment, or ask it over HTTP: POST /api/v1/tenants and "
        + "POST /api/v1/tenants/{id}/api-keys with an operator's key, or Settings, “API keys” in the browser. Nothing was made.";

    private static async Task<int> CreateAsync(string[] args, TextWriter output, TextWriter messages, TimeProvider time)
    {
        Func<PortalDb, VerbOptions, CancellationToken, Task<VerbAnswer>>? verb = null;
        VerbOptions? options = null;
        if (args is ["tenant", "create", .. var ofTenant])
        {
            options = VerbOptions.Read(ofTenant, ["--name", "--slug"], [Json]);
            verb = options?.Value("--name") is null ? null : CreateTenantAsync;
        }
        else if (args is ["apikey", "create", .. var ofKey])
        {
            options = VerbOptions.Read(ofKey, ["--tenant", "--name", "--scopes"], [Json]);
            verb = options?.Value("--tenant") is null ? null : CreateKeyAsync;
        }

        if (verb is null || options is null)
        {
            await messages.WriteLineAsync(Usage);
            return Misused;
        }

        var settings = Read(options.Settings);
        using var directory = Take(settings.Portal, WhileRunning);
        await using var db = new PortalDb(
            settings.Portal.ConnectionString,
            time,
            new Version7Ids(time),
            Keys(settings),
            provider: settings.Portal.Database
        );
        VerbAnswer answer;
        try
        {
            await db.MigrateAsync(CancellationToken.None);
            await new EnsureInstallation(db).ExecuteAsync(CancellationToken.None);
            answer = await verb(db, options, CancellationToken.None);
        }
        catch (Exception exception)
            when (exception is DatabaseUnsafeException || StorageFailures.OfPostgreSql(exception) is not null)
        {
            throw new StartRefusedException(
                $"Nothing was made: {(StorageFailures.OfPostgreSql(exception) ?? exception).Message}"
            );
        }

        if (answer.Shape is null)
        {
            await messages.WriteLineAsync(answer.Message);
            return Wrong;
        }

        if (options.Has(Json))
        {
            await output.WriteLineAsync(
                JsonSerializer.Serialize(answer.Shape, answer.Shape.GetType(), ApiJson.Options)
            );
            return 0;
        }

        await output.WriteLineAsync(answer.Word);
        await messages.WriteLineAsync(answer.Message);
        return 0;
    }

    private static async Task<VerbAnswer> CreateTenantAsync(
        PortalDb db,
        VerbOptions options,
        CancellationToken cancellation
    ) =>
        await new CreateTenant(db).ExecuteAsync(
            Actor.CommandLine,
            new TenantInput(options.Value("--name"), options.Value("--slug")),
            record: null,
            cancellation
        ) switch
        {
            CreateTenantResult.Created { Tenant: var tenant } => new VerbAnswer(
                $"The tenant “{tenant.Name}” is at {PortalUrls.Tenant(tenant.Slug)}. It has no owner yet; "
                    + $"apikey create --tenant {tenant.Slug} makes a key for a program.",
                TenantShape.Of(tenant),
                tenant.Id.ToString()
            ),
            CreateTenantResult.Invalid invalid => Refused(invalid.Errors),
            var other => throw new InvalidOperationException($"{other} has no answer."),
        };

    private static async Task<VerbAnswer> CreateKeyAsync(
        PortalDb db,
        VerbOptions options,
        CancellationToken cancellation
    )
    {
        var slug = options.Value("--tenant")!;
        Guid tenantId;
        await using (var context = db.Read(TenantScope.None))
        {
            tenantId = await context
                .Tenants.Where(tenant => tenant.Slug == slug)
                .Select(tenant => tenant.Id)
                .SingleOrDefaultAsync(cancellation);
        }

        if (tenantId == Guid.Empty)
        {
            return new VerbAnswer($"There is no tenant with the slug “{slug}”. Nothing was made.");
        }

        var scopes = options
            .Value("--scopes")
            ?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (scopes is { Length: 0 })
        {
            // Read as all of them, an empty variable of a script would make the mightiest key.
            return new VerbAnswer("--scopes names none. Leave it out for all of them. Nothing was made.");
        }

        return await new CreateApiKey(db).ExecuteAsync(
            new Caller(TenantScope.For(tenantId), Actor.CommandLine),
            new ApiKeyInput(options.Value("--name") ?? "Command line", scopes),
            cancellation
        ) switch
        {
            ApiKeyOutcome.Created created => new VerbAnswer(
                $"The key “{created.Key.Name}” may {string.Join(", ", created.Key.Scopes.Names())} in {slug}. It is shown this once.",
                ApiKeyShape.Of(created.Key) with
                {
                    Key = created.Token,
                },
                created.Token
            ),
            ApiKeyOutcome.Invalid invalid => Refused(invalid.Errors),
            var other => throw new InvalidOperationException($"{other} has no answer."),
        };
    }

    private static VerbAnswer Refused(IEnumerable<FieldError> errors) =>
        new(
            "Nothing was made.\n"
                + string.Join('\n', errors.Select(error => $"  --{error.Field.ToLowerInvariant()}: {error.Message}"))
        );

    /// <param name="Message">For a person.</param>
    /// <param name="Shape">As the API answers it; null when nothing was made.</param>
    /// <param name="Word">What a script wants of it.</param>
    private sealed record VerbAnswer(string Message, object? Shape = null, string? Word = null);
}
