using Ledgerpost.Audit;
using Ledgerpost.Identity;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>Mails a link to whom it is for, in the transaction that makes it, where the installation sends mails of its own.</summary>
internal static class InvitationMails
{
    /// <returns>False when there is nothing to mail, or no mails are sent: then the link is handed over by hand.</returns>
    public static async Task<bool> WriteAsync(
        AccountMailer? mailer,
        CommandContext command,
        Guid tenantId,
        string email,
        string? setUpToken,
        string? invitationToken,
        CancellationToken cancellation
    ) =>
        mailer is { IsOn: true }
        && Write(
            mailer,
            command,
            await command.Db.Tenants.Where(row => row.Id == tenantId).Select(row => row.Name).SingleAsync(cancellation),
            email,
            setUpToken,
            invitationToken
        );

    /// <inheritdoc cref="WriteAsync"/>
    public static bool Write(
        AccountMailer? mailer,
        CommandContext command,
        string tenant,
        string email,
        string? setUpToken,
        string? invitationToken
    )
    {
        if (mailer is not { IsOn: true } || (invitationToken ?? setUpToken) is not { } token)
        {
            return false;
        }

        mailer.Write(
            command.Db,
            command.Ids,
            command.Now,
            invitationToken is null ? AccountMailKind.SetUp : AccountMailKind.Invitation,
            email,
            token,
            invitationToken is null ? SetUpLinks.Lifetime : SetUpLinks.InvitationLifetime,
            tenant
        );
        return true;
    }
}

/// <summary>What became of a new link.</summary>
/// <param name="Token">Shown once; empty when it was mailed.</param>
public sealed record NewLink(string Token, bool Mailed);
