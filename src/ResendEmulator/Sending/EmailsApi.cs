using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using ResendEmulator.Control;
using ResendEmulator.Faults;
using ResendEmulator.Protocol;
using ResendEmulator.Storage;
using ResendEmulator.Webhooks;

namespace ResendEmulator.Sending;

/// <summary>POST /emails and POST /emails/batch.</summary>
public sealed class EmailsApi(
    ProviderPipeline pipeline,
    Database database,
    Switches switches,
    IdempotencyKeys keys,
    FaultGate gate,
    CallStore calls,
    MailStore mails,
    DomainStore domains,
    Quota quota,
    WebhookSender webhooks
)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/emails", pipeline.Wrap(SendAsync, CallKind.Single));
        routes.MapPost("/emails/batch", pipeline.Wrap(SendAsync, CallKind.Batch));
    }

    private async Task<ApiAnswer> SendAsync(ProviderCall call)
    {
        if (call.IdempotencyKey is { Length: 0 or > 256 })
        {
            return ApiErrors.KeyLength();
        }

        var scope = IdempotencyKeys.ScopeOf(call);
        if (scope is not null && !keys.TryReserve(scope))
        {
            return ApiErrors.KeyBusy();
        }

        try
        {
            var fault = await gate.BeforeAsync(call);
            var reading = fault is null ? Read(call) : SendReading.Refused(fault);
            call.Prepare();
            var answer = await database.WriteAsync(sql =>
                Settle(sql, call, scope, reading, faulted: fault is not null)
            );
            webhooks.Wake();
            return answer;
        }
        finally
        {
            if (scope is not null)
            {
                keys.Release(scope);
            }
        }
    }

    /// <summary>Everything that must be on disk before the answer: the call, its mails, their events, the key.</summary>
    private ApiAnswer Settle(SqlSession sql, ProviderCall call, string? scope, SendReading reading, bool faulted)
    {
        if (!faulted && scope is not null && keys.Find(sql, scope, call) is { } stored)
        {
            calls.Insert(sql, call, stored);
            return stored;
        }

        var recipients = reading.Mails.Sum(mail => mail.Everyone.Count);
        var refusal = reading.Refusal ?? Forbid(sql, call, reading) ?? quota.Check(sql, recipients);
        if (refusal is not null)
        {
            calls.Insert(sql, call, refusal);
            if (!faulted || call.Fault is { Kind: FaultKind.Refuse })
            {
                // What a proxy says in the provider's place never reaches the keys.
                keys.Keep(sql, scope, call, refusal);
            }

            return refusal;
        }

        var made = mails.NewIds(reading.Mails.Count);
        var answer = reading.Accepted(made);
        mails.Insert(sql, calls.Insert(sql, call, answer), call.At, reading.Mails, made);
        keys.Keep(sql, scope, call, answer);
        quota.Use(recipients);
        return answer;
    }

    private SendReading Read(ProviderCall call)
    {
        var behaviour = switches.Current;
        if (call.Tree?.Root is not { } body)
        {
            return SendReading.Refused(ApiErrors.Invalid("The request body is not valid JSON.", 400));
        }

        if (call.Kind == CallKind.Single)
        {
            return SendReading.Single(new MailRules(behaviour, call.At, batch: false).Check(body, -1));
        }

        if (behaviour.MaxBatchBytes > 0 && call.Body.Length > behaviour.MaxBatchBytes)
        {
            return SendReading.Refused(ApiErrors.Invalid("The request body is too large.", 413));
        }

        if (body.Kind != JsonValueKind.Array)
        {
            return SendReading.Refused(ApiErrors.Invalid("The batch must be an array of emails."));
        }

        var mode = call.ValidationMode ?? "strict";
        if (mode is not ("strict" or "permissive"))
        {
            return SendReading.Refused(
                ApiErrors.Invalid("Invalid `x-batch-validation` header. Use `strict` or `permissive`.")
            );
        }

        return body.Count switch
        {
            0 => SendReading.Refused(ApiErrors.Missing("emails")),
            var count when count > behaviour.MaxBatchCount => SendReading.Refused(
                ApiErrors.Invalid(behaviour.TooManyMessage, behaviour.TooManyStatus)
            ),
            _ => SendReading.Batch(
                new MailRules(behaviour, call.At, batch: true),
                body,
                permissive: mode is "permissive",
                behaviour.PermissiveAllInvalidStatus
            ),
        };
    }

    /// <summary>The refusal for a sender that may not be used, or <c>null</c>.</summary>
    private ApiAnswer? Forbid(SqlSession sql, ProviderCall call, SendReading reading)
    {
        // A batch has one sender as a rule; the answer to the same question is the same within a transaction.
        string? allowed = null;
        foreach (var mail in reading.Mails.ToList())
        {
            if (
                mail.FromDomain is not "resend.dev"
                && string.Equals(mail.FromDomain, allowed, StringComparison.Ordinal)
            )
            {
                continue;
            }

            if (Forbid(sql, call, mail) is not { } refusal)
            {
                allowed = mail.FromDomain;
                continue;
            }

            if (!reading.Permissive || !switches.Current.PermissiveCoversDomains)
            {
                return refusal;
            }

            reading.Drop(mail, refusal);
        }

        return null;
    }

    private ApiAnswer? Forbid(SqlSession sql, ProviderCall call, MailDraft mail)
    {
        if (
            call.ApiKey?.Domain is { } only
            && !string.Equals(only, mail.FromDomain, StringComparison.OrdinalIgnoreCase)
        )
        {
            return ApiErrors.Unverified(mail.FromDomain);
        }

        if (mail.FromDomain is not "resend.dev")
        {
            return domains.IsVerified(sql, mail.FromDomain, call.At) ? null : ApiErrors.Unverified(mail.FromDomain);
        }

        var owner = switches.Current.OwnerAddress;
        return mail.Everyone.All(to =>
            string.Equals(to, owner, StringComparison.OrdinalIgnoreCase)
            || to.EndsWith("@resend.dev", StringComparison.Ordinal)
        )
            ? null
            : ApiErrors.Invalid(
                $"You can only send testing emails to your own email address ({owner}). To send emails to other recipients, please verify a domain at resend.com/domains.",
                403
            );
    }
}
