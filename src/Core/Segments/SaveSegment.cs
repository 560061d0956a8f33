using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Segments;

public sealed class CreateSegment(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<SegmentOutcome> ExecuteAsync(
        Caller caller,
        SegmentInput input,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<SegmentOutcome>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var (valid, errors) = input.Check();
                if (valid is null)
                {
                    return new SegmentOutcome.Invalid(errors);
                }

                if (await SegmentNames.TakenAsync(command.Db, valid.Name, except: null, token))
                {
                    return SegmentNames.Taken;
                }

                var segment = new Segment
                {
                    TenantId = command.TenantId,
                    Id = command.Ids.New(),
                    Name = valid.Name,
                    Match = valid.Match,
                    CreatedAt = command.Now,
                };
                segment.Tags.AddRange(valid.Tags.Select(tag => segment.TagRow(tag)));
                command.Db.Segments.Add(segment);
                command.Audit(
                    "segment.created",
                    "segment",
                    segment.Id.ToString(),
                    segment.Name,
                    new { match = valid.Match.ToString(), valid.Tags }
                );
                return new SegmentOutcome.Saved(segment.Id);
            },
            cancellation
        );
}

public sealed class ChangeSegment(PortalDb portal)
{
    /// <param name="change">From what is kept to what shall be, so that what another changed at the same moment stays.</param>
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<SegmentOutcome> ExecuteAsync(
        Caller caller,
        Guid segmentId,
        Func<Segment, SegmentInput> change,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<SegmentOutcome>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var segment = await command
                    .Db.Segments.Include(row => row.Tags)
                    .SingleOrDefaultAsync(row => row.Id == segmentId, token);
                if (segment is null)
                {
                    return new SegmentOutcome.NotFound();
                }

                var (valid, errors) = change(segment).Check();
                if (valid is null)
                {
                    return new SegmentOutcome.Invalid(errors);
                }

                // Its members, or its rule, would silently be gone.
                if ((segment.Match == SegmentMatch.Named) != (valid.Match == SegmentMatch.Named))
                {
                    return new SegmentOutcome.Invalid([
                        new FieldError(
                            nameof(SegmentInput.Match),
                            segment.Match == SegmentMatch.Named
                                ? "Its contacts are named one by one. For a rule, make another segment."
                                : "Its contacts follow from a rule. To name them one by one, make another segment."
                        ),
                    ]);
                }

                if (await SegmentNames.TakenAsync(command.Db, valid.Name, segmentId, token))
                {
                    return SegmentNames.Taken;
                }

                Apply(command, segment, valid);
                return new SegmentOutcome.Saved(segmentId);
            },
            cancellation
        );

    private static void Apply(CommandContext command, Segment segment, ValidSegment valid)
    {
        var before = new
        {
            segment.Name,
            match = segment.Match.ToString(),
            tags = segment.Tags.Select(tag => tag.Tag).Order(StringComparer.Ordinal).ToList(),
        };
        segment.Name = valid.Name;
        segment.Match = valid.Match;
        segment.Tags.RemoveAll(row => !valid.Tags.Contains(row.Tag, StringComparer.Ordinal));
        var missing = valid.Tags.Where(tag => segment.Tags.TrueForAll(row => row.Tag != tag)).ToList();
        segment.Tags.AddRange(missing.Select(tag => segment.TagRow(tag)));
        var after = new
        {
            segment.Name,
            match = segment.Match.ToString(),
            tags = segment.Tags.Select(tag => tag.Tag).Order(StringComparer.Ordinal).ToList(),
        };
        command.Audit("segment.changed", "segment", segment.Id.ToString(), segment.Name, new { before, after });
    }
}

public sealed class DeleteSegment(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<SegmentOutcome> ExecuteAsync(Caller caller, Guid segmentId, CancellationToken cancellation = default) =>
        portal.CommandAsync<SegmentOutcome>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var segment = await command.Db.Segments.SingleOrDefaultAsync(row => row.Id == segmentId, token);
                if (segment is null)
                {
                    return new SegmentOutcome.NotFound();
                }

                // A draft whose audience vanished would mail nobody, or somebody's guess: it is asked about first.
                var campaigns = await command.Db.CampaignsWaitingForSegmentAsync(segmentId, token);
                if (campaigns.Count > 0)
                {
                    return new SegmentOutcome.InUse(campaigns);
                }

                command.Db.Segments.Remove(segment);
                command.Audit("segment.deleted", "segment", segment.Id.ToString(), segment.Name);
                return new SegmentOutcome.Deleted();
            },
            cancellation
        );
}

internal static class SegmentNames
{
    public static SegmentOutcome Taken { get; } =
        new SegmentOutcome.Invalid([
            new FieldError(nameof(SegmentInput.Name), "There is a segment of this name already."),
        ]);

    public static Task<bool> TakenAsync(
        PortalDbContext db,
        string name,
        Guid? except,
        CancellationToken cancellation
    ) => db.Segments.AnyAsync(segment => segment.Name == name && segment.Id != except, cancellation);
}
