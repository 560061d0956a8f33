using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ResendEmulator.Hosting;
using ResendEmulator.Protocol;
using ResendEmulator.Sending;
using ResendEmulator.Storage;
using ResendEmulator.Webhooks;

namespace ResendEmulator.Retrieval;

/// <summary>GET /emails, GET /emails/{id}, and the two changes to a scheduled mail.</summary>
public sealed class EmailsReadApi(
    ProviderPipeline pipeline,
    MailReader mails,
    MailStore store,
    Database database,
    EmulatorClock clock,
    WebhookSender webhooks
)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/emails", pipeline.Wrap(ListAsync));
        routes.MapGet("/emails/{id}", pipeline.Wrap(GetAsync));
        routes.MapPatch("/emails/{id}", pipeline.Wrap(RescheduleAsync));
        routes.MapPost("/emails/{id}/cancel", pipeline.Wrap(CancelAsync));
    }

    private async Task<ApiAnswer> ListAsync(ProviderCall call)
    {
        var (page, refusal) = Paging.Of(call.Http.Request);
        if (page is null)
        {
            return refusal!;
        }

        var rows = await mails.PageAsync(page.After, page.Before, page.Limit);
        return rows is null
            ? ApiErrors.NotFound("Email")
            : page.List(
                rows,
                mail => new
                {
                    id = mail.Id,
                    message_id = WebhookPayload.MessageId(mail.Id),
                    to = mail.To,
                    from = mail.From,
                    created_at = Instant.Rest(Instant.Micros(mail.At)),
                    subject = mail.Subject,
                    bcc = (object?)null,
                    cc = (object?)null,
                    reply_to = (object?)null,
                    last_event = mail.LastEvent,
                    scheduled_at = Rest(mail.ScheduledAt),
                }
            );
    }

    private async Task<ApiAnswer> GetAsync(ProviderCall call)
    {
        var (mail, refusal) = await FindAsync(call);
        if (mail is null)
        {
            return refusal!;
        }

        var source = mail.Source;
        return ApiAnswer.Ok(
            new
            {
                @object = "email",
                id = mail.Line.Id,
                message_id = WebhookPayload.MessageId(mail.Line.Id),
                to = mail.Line.To,
                from = mail.Line.From,
                created_at = Instant.Rest(Instant.Micros(mail.Line.At)),
                subject = mail.Line.Subject,
                html = Member(source, "html"),
                text = Member(source, "text"),
                bcc = AsList(source, "bcc"),
                cc = AsList(source, "cc"),
                reply_to = AsList(source, "reply_to"),
                last_event = mail.Line.LastEvent,
                scheduled_at = Rest(mail.Line.ScheduledAt),
                tags = Member(source, "tags"),
            }
        );
    }

    private async Task<ApiAnswer> RescheduleAsync(ProviderCall call)
    {
        var (mail, refusal) = await FindAsync(call);
        if (mail is null)
        {
            return refusal!;
        }

        if (
            call.Json is not { ValueKind: JsonValueKind.Object } body
            || !body.TryGetProperty("scheduled_at", out var text)
            || !DateTimeOffset.TryParse(
                text.ToString(),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var when
            )
        )
        {
            return ApiErrors.Missing("scheduled_at");
        }

        if (mail.Line.ScheduledAt is not { } planned || planned <= clock.GetUtcNow())
        {
            return ApiErrors.Invalid("Only a scheduled email can be updated.");
        }

        var shift = (when - planned).Ticks / 10;
        await database.WriteAsync(sql =>
        {
            sql.Run("UPDATE mails SET scheduled_at=@1 WHERE seq=@0", mail.Line.Number, Instant.Micros(when));
            sql.Run(
                "UPDATE events SET at=at+@1, due=due+@1 WHERE mail_seq=@0 AND due IS NOT NULL AND type<>'email.scheduled'",
                mail.Line.Number,
                shift
            );
        });
        webhooks.Wake();
        return ApiAnswer.Ok(new { @object = "email", id = mail.Line.Id });
    }

    private async Task<ApiAnswer> CancelAsync(ProviderCall call)
    {
        var (mail, refusal) = await FindAsync(call);
        if (mail is null)
        {
            return refusal!;
        }

        var now = clock.GetUtcNow();
        if (mail.Line.ScheduledAt is not { } planned || planned <= now)
        {
            return ApiErrors.Invalid("Only a scheduled email can be canceled.");
        }

        await database.WriteAsync(sql =>
        {
            sql.Run("DELETE FROM events WHERE mail_seq=@0 AND at>@1", mail.Line.Number, Instant.Micros(now));
            store.AddEvent(sql, mail.Line.Id, mail.Line.Number, new PlannedEvent("email.canceled", now));
            // Canceling is seen in last_event alone: there is no webhook for it.
            sql.Run("UPDATE events SET due=NULL WHERE mail_seq=@0 AND type='email.canceled'", mail.Line.Number);
        });
        return ApiAnswer.Ok(new { @object = "email", id = mail.Line.Id });
    }

    private async Task<(MailDetail? Mail, ApiAnswer? Refusal)> FindAsync(ProviderCall call)
    {
        var id = call.Http.GetRouteValue("id") as string ?? "";
        if (!Guid.TryParse(id, out var parsed))
        {
            return (null, ApiErrors.BadId());
        }

        var mail = await mails.FindAsync(parsed.ToString("D", CultureInfo.InvariantCulture));
        return mail is null ? (null, ApiErrors.NotFound("Email")) : (mail, null);
    }

    private static string? Rest(DateTimeOffset? at) => at is { } when ? Instant.Rest(Instant.Micros(when)) : null;

    private static JsonElement? Member(JsonElement source, string name) =>
        source.TryGetProperty(name, out var value) ? value : null;

    private static object? AsList(JsonElement source, string name) =>
        Member(source, name) switch
        {
            { ValueKind: JsonValueKind.String } one => new[] { one.GetString() },
            { ValueKind: JsonValueKind.Array } many => many,
            _ => null,
        };
}
