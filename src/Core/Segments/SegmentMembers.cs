using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Segments;

/// <summary>What became of putting contacts into a segment, or taking them out.</summary>
public abstract record MembersOutcome
{
    private MembersOutcome() { }

    /// <param name="Count">Contacts that came or went; those who were so already are not counted.</param>
    public sealed record Done(int Count) : MembersOutcome;

    /// <summary>Some that were named are not this tenant's contacts, or not any more; nothing was done.</summary>
    public sealed record UnknownContacts(IReadOnlyList<Guid> Ids) : MembersOutcome;

    /// <summary>The segment has a rule: who is in it follows from their tags.</summary>
    public sealed record HasARule : MembersOutcome;

    public sealed record NotFound : MembersOutcome;
}

/// <summary>Puts contacts into a segment without a rule, in one statement however many they are.</summary>
public sealed class AddToSegment(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<MembersOutcome> ExecuteAsync(
        Caller caller,
        Guid segmentId,
        ContactSelection selection,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<MembersOutcome>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var segment = await command.Db.Segments.SingleOrDefaultAsync(row => row.Id == segmentId, token);
                if (segment is not { Match: SegmentMatch.Named })
                {
                    return segment is null ? new MembersOutcome.NotFound() : new MembersOutcome.HasARule();
                }

                var contacts = selection.Of(command.Db);
                if (
                    selection is SelectedContacts named
                    && await UnknownAsync(command.Db, named, token) is { Count: > 0 } unknown
                )
                {
                    return new MembersOutcome.UnknownContacts(unknown);
                }

                var members = command
                    .Db.SegmentContacts.Where(row => row.SegmentId == segmentId)
                    .Select(row => row.ContactId);
                var count = await command.Db.InsertMembersAsync(
                    contacts.Where(contact => !members.Contains(contact.Id)),
                    segmentId,
                    token
                );
                if (count > 0)
                {
                    command.Audit(
                        "segment.contacts_added",
                        "segment",
                        segmentId.ToString(),
                        segment.Name,
                        new { count, selection = selection.Details() }
                    );
                }

                return new MembersOutcome.Done(count);
            },
            cancellation
        );

    /// <summary>Those of them that are not the tenant's contacts.</summary>
    /// <param name="db">Of the tenant.</param>
    public static async Task<IReadOnlyList<Guid>> UnknownAsync(
        PortalDbContext db,
        SelectedContacts named,
        CancellationToken cancellation
    )
    {
        var known = await named.Of(db).Select(contact => contact.Id).ToListAsync(cancellation);
        return [.. named.Ids.Except(known)];
    }
}

/// <summary>Takes contacts out of a segment without a rule; who is not in it is no mistake.</summary>
public sealed class RemoveFromSegment(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<MembersOutcome> ExecuteAsync(
        Caller caller,
        Guid segmentId,
        ContactSelection selection,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<MembersOutcome>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var segment = await command.Db.Segments.SingleOrDefaultAsync(row => row.Id == segmentId, token);
                if (segment is not { Match: SegmentMatch.Named })
                {
                    return segment is null ? new MembersOutcome.NotFound() : new MembersOutcome.HasARule();
                }

                var contacts = selection.Of(command.Db).Select(contact => contact.Id);
                var count = await command
                    .Db.SegmentContacts.Where(row => row.SegmentId == segmentId && contacts.Contains(row.ContactId))
                    .ExecuteDeleteAsync(token);
                if (count > 0)
                {
                    command.Audit(
                        "segment.contacts_removed",
                        "segment",
                        segmentId.ToString(),
                        segment.Name,
                        new { count, selection = selection.Details() }
                    );
                }

                return new MembersOutcome.Done(count);
            },
            cancellation
        );
}
