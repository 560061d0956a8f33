using System.Text;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// Sends the portal's own mails, with the installation's key. A crash loses none, because each is a row before it is a call;
/// and doubles none, because a repeat has the same bytes and the same key, and ends before the provider forgets keys.
/// </summary>
public sealed class DeliverAccountMail(
    PortalDb portal,
    IMailProvider provider,
    ProviderEndpoint endpoint,
    AccountMailer mailer,
    ILogger<DeliverAccountMail> logger
)
{
    /// <summary>Longer than a call may take: who is called meanwhile by another instance would be called beside it.</summary>
    private static readonly TimeSpan Lease = ResendClient.Timeout + TimeSpan.FromSeconds(45);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    /// <returns>Whether there was one to send.</returns>
    public async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        if (await TakeAsync(cancellation) is not { } mail)
        {
            return false;
        }

        if (mail.State != AccountMailState.Waiting)
        {
            return true;
        }

        var answer = await provider.PostAsync(
            new ProviderRequest(
                endpoint.BaseUrl,
                "/emails",
                $"ledgerpost-account-{mail.Id:N}",
                Encoding.UTF8.GetBytes(mailer.Read(mail)),
                Deadline.In(portal.Time, TimeSpan.FromSeconds(30))
            ),
            cancellation
        );
        await SettleAsync(mail, answer, cancellation);
        return true;
    }

    /// <summary>How long until the next one is due, at most a minute.</summary>
    public async Task<TimeSpan> NapAsync(CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.None);
        var next = await db
            .AccountMails.Where(row => row.State == AccountMailState.Waiting)
            .OrderBy(row => row.NotBefore)
            .Select(row => (DateTimeOffset?)row.NotBefore)
            .FirstOrDefaultAsync(cancellation);
        var wait = (next - portal.Time.GetUtcNow()) ?? TimeSpan.FromMinutes(1);
        return TimeSpan.FromSeconds(Math.Clamp(wait.TotalSeconds, 1, 60));
    }

    /// <summary>The next one that is due, taken for the length of a call; or one that was given up just now.</summary>
    private Task<AccountMail?> TakeAsync(CancellationToken cancellation) =>
        portal.WriteAsync(
            TenantScope.None,
            async (db, token) =>
            {
                var now = portal.Time.GetUtcNow();
                var mail = await db
                    .AccountMails.Where(row => row.State == AccountMailState.Waiting && row.NotBefore <= now)
                    .OrderBy(row => row.NotBefore)
                    .FirstOrDefaultAsync(token);
                if (mail is null)
                {
                    return null;
                }

                if (mail.ExpiresAt <= now)
                {
                    End(mail, AccountMailState.GivenUp);
                    return mail;
                }

                mail.NotBefore = now + Lease;
                mail.Tries++;
                return mail;
            },
            cancellation
        );

    private Task SettleAsync(AccountMail taken, ProviderAnswer answer, CancellationToken cancellation) =>
        portal.WriteAsync(
            TenantScope.None,
            async (db, token) =>
            {
                var mail = await db.AccountMails.SingleAsync(row => row.Id == taken.Id, token);
                if (mail.State != AccountMailState.Waiting)
                {
                    return;
                }

                switch (answer)
                {
                    case ProviderAnswer.Http { Status: >= 200 and < 300 }:
                        End(mail, AccountMailState.Accepted);
                        break;
                    // It will never be taken: an address that is none, a body that is refused.
                    case ProviderAnswer.Http { Status: 400 or 422 } refused:
                        mail.LastError = $"HTTP {refused.Status}";
                        End(mail, AccountMailState.Refused);
                        logger.LogError(
                            "The provider refused a mail of the portal's own: HTTP {Status}.",
                            refused.Status
                        );
                        break;
                    default:
                        mail.LastError = answer is ProviderAnswer.Http http ? $"HTTP {http.Status}" : "no answer";
                        var pause = TimeSpan.FromSeconds(5 * Math.Pow(2, Math.Min(mail.Tries, 10)));
                        mail.NotBefore = portal.Time.GetUtcNow() + (pause < LongestPause ? pause : LongestPause);
                        logger.LogWarning(
                            "A mail of the portal's own could not be sent ({Reason}); it is tried again.",
                            mail.LastError
                        );
                        break;
                }
            },
            cancellation
        );

    /// <summary>What it held is not needed any more.</summary>
    private static void End(AccountMail mail, AccountMailState state) =>
        (mail.State, mail.Body, mail.To) = (state, null, null);
}
