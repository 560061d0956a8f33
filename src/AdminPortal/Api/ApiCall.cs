using AdminPortal.Account;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;

namespace AdminPortal.Api;

/// <summary>
/// One request of a program: who asks, and, for a command, its <c>Idempotency-Key</c>. A handler gives it the use case and
/// how the outcome reads as an answer; the answer is made inside the use case's own transaction and kept there.
/// </summary>
internal sealed class ApiCall(
    IHttpContextAccessor accessor,
    PortalDb portal,
    RequestsInFlight inFlight,
    CrashPoints crash
)
{
    public const string KeyHeader = "Idempotency-Key";
    public const string ReplayedHeader = "Idempotency-Replayed";

    private HttpContext Http => accessor.HttpContext!;

    private ProgramIdentity Program => Http.User.Program() ?? throw new InvalidOperationException("No key was shown.");

    public CancellationToken Cancellation => Http.RequestAborted;

    /// <summary>The program, as the audit log names it.</summary>
    public Actor Actor => Program.AsActor(RequestOrigin.Of(Http).From);

    /// <summary>The program in its tenant, with what this route asks of its key.</summary>
    public Caller Caller =>
        Program is ProgramIdentity.OfTenant tenant
            ? new Caller(
                TenantScope.For(tenant.TenantId),
                Actor,
                Http.GetEndpoint()?.Metadata.GetMetadata<ApiAccess>()?.Scopes ?? ApiScopes.None
            )
            : throw new InvalidOperationException("An operator's key has no tenant.");

    /// <summary>A command of a tenant's key.</summary>
    /// <param name="command">Given the caller that carries the record; it must end in one <see cref="PortalDb.CommandAsync{T}"/>.</param>
    /// <param name="answer">Reads what it shows from the context that it is given.</param>
    /// <param name="sends">It sends mail, so it is refused without a key.</param>
    /// <param name="present">How a campaign that was sent reads now; needed where an answer has <see cref="CommandAnswer.Sent"/>.</param>
    public Task<IResult> RunAsync<TOutcome>(
        Func<Caller, CancellationToken, Task<TOutcome>> command,
        Func<TOutcome, PortalDbContext, CancellationToken, Task<CommandAnswer>> answer,
        bool sends = false,
        Func<Guid, CancellationToken, Task<CommandAnswer>>? present = null
    ) =>
        RunAsync<TOutcome>(
            Caller.Scope,
            (record, token) => command(Caller with { Record = record }, token),
            answer,
            sends,
            present
        );

    /// <inheritdoc cref="RunAsync{TOutcome}(Func{Caller, CancellationToken, Task{TOutcome}}, Func{TOutcome, PortalDbContext, CancellationToken, Task{CommandAnswer}}, bool, Func{Guid, CancellationToken, Task{CommandAnswer}}?)"/>
    public Task<IResult> RunAsync<TOutcome>(
        Func<Caller, CancellationToken, Task<TOutcome>> command,
        Func<TOutcome, CommandAnswer> answer
    ) => RunAsync<TOutcome>(command, (outcome, _, _) => Task.FromResult(answer(outcome)));

    /// <summary>A command of an operator's key.</summary>
    public Task<IResult> RunAsOperatorAsync<TOutcome>(
        Func<Actor, ICommandRecord, CancellationToken, Task<TOutcome>> command,
        Func<TOutcome, CommandAnswer> answer
    ) =>
        RunAsync<TOutcome>(
            TenantScope.None,
            (record, token) => command(Actor, record, token),
            (outcome, _, _) => Task.FromResult(answer(outcome)),
            sends: false,
            present: null
        );

    private async Task<IResult> RunAsync<TOutcome>(
        TenantScope scope,
        Func<RequestRecord<TOutcome>, CancellationToken, Task<TOutcome>> command,
        Func<TOutcome, PortalDbContext, CancellationToken, Task<CommandAnswer>> answer,
        bool sends,
        Func<Guid, CancellationToken, Task<CommandAnswer>>? present
    )
    {
        var (key, problem) = await ReadKeyAsync(sends);
        if (problem is not null)
        {
            return problem;
        }

        using var turn = await inFlight.EnterAsync(scope.TenantId, key, Cancellation);
        if (turn is null)
        {
            return InProgress("The same request has not been answered yet.");
        }

        var record = new RequestRecord<TOutcome>(key, answer);
        CommandAnswer done;
        try
        {
            // Once a command has begun, its end does not hang on whether anybody still listens.
            var outcome = await command(record, CancellationToken.None);
            // A use case that saw at once that there is nothing to do has opened no transaction.
            await using var db = portal.Read(scope);
            done = record.Answer ?? await answer(outcome, db, Cancellation);
        }
        catch (CommandAnsweredException) when (record.Answer is not null)
        {
            if (record.WasReused)
            {
                return ApiErrors.IdempotencyKeyReused.Say(
                    "Nothing was done: this key was sent here before with another body. Use a new key for a new request."
                );
            }

            Http.Response.Headers[ReplayedHeader] = "true";
            done = record.Answer;
        }
        catch (TenantBusyException)
        {
            return InProgress("This request, or another command of the organisation, is being carried out elsewhere.");
        }

        await crash.ReachAsync(CrashPoints.BeforeAnswer, Cancellation);
        if (done.Sent is { } campaignId && present is not null)
        {
            var stands = await present(campaignId, Cancellation);
            // The first answer says that it was taken, however quick the sending was; a repeat, where it stands.
            done = stands.IsDone && !record.WasReplayed ? stands with { Status = done.Status } : stands;
        }

        return new ApiAnswer(done);
    }

    private ApiProblem InProgress(string what)
    {
        Http.Response.Headers.RetryAfter = "1";
        return ApiErrors.RequestInProgress.Say(
            what + " Nothing was done by this one. Wait a moment and send it again, with the same key."
        );
    }

    private async Task<(RequestKey? Key, ApiProblem? Problem)> ReadKeyAsync(bool sends)
    {
        // The other methods are the same however often they come; and a DELETE must not be given the answer of a PATCH.
        var text = HttpMethods.IsPost(Http.Request.Method) ? Http.Request.Headers[KeyHeader].ToString() : "";
        if (text.Length == 0)
        {
            return sends
                ? (
                    null,
                    ApiErrors.IdempotencyKeyRequired.Say(
                        $"Nothing was sent. Send a header {KeyHeader} with a text of your own, and the same again when you repeat the request: then nobody is mailed twice."
                    )
                )
                : (null, null);
        }

        if (text.Length > IdempotencyRecord.MaxKeyLength || text.Any(letter => letter is < ' ' or > '~'))
        {
            return (
                null,
                ApiErrors.InvalidIdempotencyKey.Say(
                    $"It must have 1 to {IdempotencyRecord.MaxKeyLength} printable characters."
                )
            );
        }

        return (new RequestKey(text, ApiPaths.Of(Http), await RequestBody.HashAsync(Http)), null);
    }
}

/// <summary>The answer of a command, as it was when it was carried out.</summary>
internal sealed class ApiAnswer(CommandAnswer answer) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        if (answer is { IsDone: false, Body: { } problem })
        {
            await ApiProblem.WriteAsync(response, answer.Status, problem);
            return;
        }

        response.StatusCode = answer.Status;
        if (answer.Location is { } location)
        {
            response.Headers.Location = location;
        }

        if (answer.Body is { } body)
        {
            response.ContentType = "application/json; charset=utf-8";
            await response.WriteAsync(body, httpContext.RequestAborted);
        }
    }
}
