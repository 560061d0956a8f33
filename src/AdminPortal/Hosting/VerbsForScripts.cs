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
    private const string WhileRunning =
        "It does not answer a verb: it may be starting or stopping, or its log says why it cannot. Try again in a moment, or "
        + "ask it over HTTP: POST /api/v1/tenants and POST /api/v1/tenants/{id}/api-keys with an operator's key. Nothing was made.";

    private static async Task<int> CreateAsync(string[] args, TextWriter output, TextWriter messages, TimeProvider time)
    {
        if (Create(args) is not var (verb, options))
        {
            return await MisuseAsync(messages);
        }

        var settings = Read(options.Settings);
        DataDirectory? directory = null;
        try
        {
            directory = DataDirectory.Take(settings.Portal.DataDirectory);
        }
        catch (StartRefusedException refused)
        {
            if (await VerbSocket.AskAsync(settings.Portal.DataDirectory, options.Own) is { } reply)
            {
                await output.WriteAsync(reply.Output);
                await messages.WriteAsync(reply.Messages);
                return reply.Exit;
            }

            throw new StartRefusedException($"{refused.Message} {WhileRunning}");
        }

        using (directory)
        {
            var keys = Keys(settings);
            await using var db = new PortalDb(
                settings.Portal.ConnectionString,
                time,
                new Version7Ids(time),
                keys,
                provider: settings.Portal.Database
            );
            try
            {
                await db.MigrateAsync(CancellationToken.None);
                await KeyRing.BeginAsync(db, keys, CancellationToken.None);
                await new EnsureInstallation(db).ExecuteAsync(CancellationToken.None);
                return await SayAsync(await verb(db, options, CancellationToken.None), options, output, messages);
            }
            catch (Exception exception)
                when (exception is DatabaseUnsafeException || StorageFailures.OfPostgreSql(exception) is not null)
            {
                throw new StartRefusedException(
                    $"Nothing was made: {(StorageFailures.OfPostgreSql(exception) ?? exception).Message}"
                );
            }
        }
    }

    /// <summary>In the portal that runs: what a verb asks of it over <see cref="VerbSocket"/>.</summary>
    internal static async Task<int> AnswerAsync(
        PortalDb db,
        string[] args,
        TextWriter output,
        TextWriter messages,
        CancellationToken cancellation
    )
    {
        if (Create(args) is not var (verb, options))
        {
            return await MisuseAsync(messages);
        }

        return await SayAsync(await verb(db, options, cancellation), options, output, messages);
    }

    private static (Verb Verb, VerbOptions Options)? Create(string[] args)
    {
        var (verb, needed, options) = args switch
        {
            ["tenant", "create", .. var own] => (
                (Verb)CreateTenantAsync,
                "--name",
                VerbOptions.Read(own, ["--name", "--slug"], [Json], ["tenant", "create"])
            ),
            ["apikey", "create", .. var own] => (
                (Verb)CreateKeyAsync,
                "--tenant",
                VerbOptions.Read(own, ["--tenant", "--name", "--scopes"], [Json], ["apikey", "create"])
            ),
            _ => ((Verb)CreateTenantAsync, "", (VerbOptions?)null),
        };
        return options?.Value(needed) is null ? null : (verb, options);
    }

    private static async Task<int> SayAsync(
        VerbAnswer answer,
        VerbOptions options,
        TextWriter output,
        TextWriter messages
    )
    {
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
        var called = options.Value("--tenant")!;
        if (await FindTenantAsync(db, called, cancellation) is not { } tenant)
        {
            return new VerbAnswer($"There is no tenant with the slug or id “{called}”. Nothing was made.");
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
            new Caller(TenantScope.For(tenant.Id), Actor.CommandLine),
            new ApiKeyInput(options.Value("--name") ?? "Command line", scopes),
            cancellation
        ) switch
        {
            ApiKeyOutcome.Created created => new VerbAnswer(
                $"The key “{created.Key.Name}” may {string.Join(", ", created.Key.Scopes.Names())} in {tenant.Slug}. It is shown this once.",
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

    /// <summary>By its slug, or by its id, which is what <c>tenant create</c> prints for a script.</summary>
    private static async Task<Tenant?> FindTenantAsync(PortalDb db, string called, CancellationToken cancellation)
    {
        await using var context = db.Read(TenantScope.None);
        var living = context.Tenants.Living();
        // A slug may look like an id; it is looked for first, so that nobody else's is taken for it.
        return await living.SingleOrDefaultAsync(tenant => tenant.Slug == called, cancellation)
            ?? (
                Guid.TryParse(called, out var id)
                    ? await living.SingleOrDefaultAsync(tenant => tenant.Id == id, cancellation)
                    : null
            );
    }

    private delegate Task<VerbAnswer> Verb(PortalDb db, VerbOptions options, CancellationToken cancellation);

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
