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
                var (valid, errors) = await SegmentChecks.CheckAsync(command.Db, input, kept: null, token);
                if (valid is null)
                {
                    return new SegmentOutcome.Invalid(errors);
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

                var (valid, errors) = await SegmentChecks.CheckAsync(command.Db, change(segment), segment, token);
                if (valid is null)
                {
                    return new SegmentOutcome.Invalid(errors);
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

/// <summary>What is wrong with a segment, with what the tenant has looked up.</summary>
public static class SegmentChecks
{
    /// <summary>Every wrong field of a request that is not carried out, because something else in it is wrong too.</summary>
    /// <param name="db">Of the tenant.</param>
    /// <param name="segmentId">Null for a new one.</param>
    /// <param name="change">From what is kept, null where there is nothing, to what shall be.</param>
    public static async Task<IReadOnlyList<FieldError>> ProblemsAsync(
        PortalDbContext db,
        Guid? segmentId,
        Func<Segment?, SegmentInput> change,
        CancellationToken cancellation
    )
    {
        var kept = segmentId is null
            ? null
            : await db
                .Segments.Include(row => row.Tags)
                .AsNoTracking()
                .SingleOrDefaultAsync(row => row.Id == segmentId, cancellation);
        return (await CheckAsync(db, change(kept), kept, cancellation)).Errors;
    }

    /// <returns>The checked segment, or every field's problem.</returns>
    internal static async Task<(ValidSegment? Segment, IReadOnlyList<FieldError> Errors)> CheckAsync(
        PortalDbContext db,
        SegmentInput input,
        Segment? kept,
        CancellationToken cancellation
    )
    {
        var (valid, found) = input.Check();
        List<FieldError> errors = [.. found];
        // Its members, or its rule, would silently be gone.
        if (kept is not null && (kept.Match == SegmentMatch.Named) != (input.Match == SegmentMatch.Named))
        {
            errors.Add(
                new FieldError(
                    nameof(SegmentInput.Match),
                    kept.Match == SegmentMatch.Named
                        ? "Its contacts are named one by one. For a rule, make another segment."
                        : "Its contacts follow from a rule. To name them one by one, make another segment."
                )
            );
        }

        var except = kept?.Id;
        if (
            PlainText.TryParse(input.Name, "name", SegmentInput.MaxNameLength, out var name, out _)
            && name is not null
            && await db.Segments.AnyAsync(segment => segment.Name == name && segment.Id != except, cancellation)
        )
        {
            errors.Add(new FieldError(nameof(SegmentInput.Name), "There is a segment of this name already."));
        }

        return errors.Count > 0 ? (null, errors) : (valid, []);
    }
}
