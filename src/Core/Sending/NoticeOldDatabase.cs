using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// At the start, before anything is sent: is this database older than what was seen of it, or a copy of another one's?
/// What each look can find and what it cannot stands in docs/operations.md.
/// </summary>
public sealed class NoticeOldDatabase(PortalDb db, StampFile file, HoldSending hold)
{
    /// <summary>Mails of the provider's first page that are read for their tags.</summary>
    private const int MailsLookedAt = 5;

    /// <summary>By the file beside the database: it is never ahead of the database, unless that was replaced by an older one.</summary>
    public async Task ByStampAsync(CancellationToken cancellation)
    {
        var row = await ReadAsync(cancellation);
        // A copy that is held has its people pending still; that it is older too is told by nothing later.
        if (
            row.Hold is null or HoldReason.Copied
            && file.Read() is { } seen
            && (seen.Number > row.Stamp || seen.Epoch > row.Epoch)
        )
        {
            await hold.HoldOldDatabaseAsync(
                HoldReason.RolledBack,
                $"The database is at stamp {row.Stamp}; the file beside it has seen {seen.Number}. An older database was put in its place.",
                cancellation
            );
        }
    }

    /// <param name="configuredUrl"><c>Portal:PublicUrl</c>; null when it only follows the address that is listened on.</param>
    public async Task ByPublicUrlAsync(string? configuredUrl, CancellationToken cancellation)
    {
        var row = await ReadAsync(cancellation);
        if (configuredUrl is null || configuredUrl == row.PublicUrl)
        {
            return;
        }

        if (row.PublicUrl is { } known && await HasSentAsync(cancellation))
        {
            await CopiedAsync(row, $"The public address was {known} and is {configuredUrl} now.", cancellation);
        }

        await db.WriteAsync(
            TenantScope.None,
            (context, token) =>
                context.Installation.ExecuteUpdateAsync(
                    set => set.SetProperty(installation => installation.PublicUrl, configuredUrl),
                    token
                ),
            cancellation
        );
    }

    /// <param name="before">The account of the last start, which is another than today's.</param>
    public async Task ByAccountAsync(CurrentAccount before, CancellationToken cancellation)
    {
        if (await HasSentAsync(cancellation))
        {
            await CopiedAsync(
                await ReadAsync(cancellation),
                $"Mail went through another provider account before ({before.BaseUrl}).",
                cancellation
            );
        }
    }

    /// <summary>
    /// By the provider's newest mails: one that carries the tags of a campaign of ours, and of a chunk that was never
    /// attempted here, was sent by a database that knows more.
    /// </summary>
    public async Task ByProviderAsync(ProviderArchive archive, CurrentAccount account, CancellationToken cancellation)
    {
        var row = await ReadAsync(cancellation);
        if (
            row.Hold is not null
            || await archive.MailsAsync(account.BaseUrl, null, cancellation)
                is not ArchiveAnswer<IReadOnlyList<ArchiveLine>>.Read
                (var mails)
        )
        {
            return;
        }

        foreach (var line in mails.Where(line => !(line.At <= row.ReleasedAt)).Take(MailsLookedAt))
        {
            if (
                await archive.MailAsync(account.BaseUrl, line.Id, cancellation)
                    is ArchiveAnswer<Acceptance?>.Read({ Tags: { } tags })
                && await WasSentElsewhereAsync(tags, cancellation)
            )
            {
                await hold.HoldOldDatabaseAsync(
                    HoldReason.RolledBack,
                    $"The provider has a mail of {line.At:u} to a recipient of a campaign of this installation that this database never sent.",
                    cancellation
                );
                return;
            }
        }
    }

    private async Task CopiedAsync(Installation row, string detail, CancellationToken cancellation)
    {
        if (row.Hold is null)
        {
            await hold.HoldAsync(HoldReason.Copied, detail, cancellation);
        }
    }

    private async Task<bool> WasSentElsewhereAsync(MailTags tags, CancellationToken cancellation)
    {
        await using var context = db.Read(TenantScope.Installation);
        // Of a tenant that is being deleted the attempts go before the campaigns.
        return await context.Campaigns.AnyAsync(
                c =>
                    c.Id == tags.CampaignId
                    && context.Tenants.Any(tenant => tenant.Id == c.TenantId && tenant.DeletionBegunAt == null),
                cancellation
            )
            && !await context.Attempts.AnyAsync(
                a => a.CampaignId == tags.CampaignId && a.ChunkNumber == tags.Chunk && a.Generation == tags.Generation,
                cancellation
            );
    }

    private async Task<bool> HasSentAsync(CancellationToken cancellation)
    {
        await using var context = db.Read(TenantScope.Installation);
        return await context.Attempts.AnyAsync(cancellation);
    }

    private async Task<Installation> ReadAsync(CancellationToken cancellation)
    {
        await using var context = db.Read(TenantScope.None);
        return await context.Installation.SingleAsync(cancellation);
    }
}
