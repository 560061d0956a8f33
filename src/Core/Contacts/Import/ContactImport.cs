using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Contacts.Import;

/// <summary>One CSV file on its way into the contacts, and what became of it.</summary>
public sealed class ContactImport : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid Id { get; init; }
    public required string FileName { get; init; }
    public required ImportStatus Status { get; set; }

    /// <summary>Of the file, in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Bytes of the file whose lines are committed; the import goes on from here after a crash.</summary>
    public long Position { get; set; }

    /// <summary>Lines of the file, as an editor counts them, before <see cref="Position"/>.</summary>
    public int FileLines { get; set; }

    /// <summary>Lines of people read so far, the line of column names not counted.</summary>
    public int Lines { get; set; }

    public int Accepted { get; set; }

    /// <summary>Of contacts that were here already, also where nothing was new.</summary>
    public int Updated { get; set; }

    public int Duplicates { get; set; }
    public int Rejected { get; set; }

    /// <summary>Why a failed import stopped, as a sentence.</summary>
    public string? Problem { get; set; }

    /// <summary>When the instance that has the file last said so; null until it does for the first time.</summary>
    public DateTimeOffset? AliveAt { get; set; }

    public required string StartedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; set; }
}

/// <summary>Queued → Running → Completed or Failed. A crash leaves Running, which the next start takes up again.</summary>
public enum ImportStatus
{
    Queued,
    Running,
    Completed,
    Failed,
}

/// <summary>
/// A line that was neither simply added nor of a contact for whom it had nothing new: what became of it, and why. Kept for
/// ninety days (<see cref="ForgetImportLines"/>).
/// </summary>
public sealed class ContactImportLine : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid ImportId { get; init; }

    /// <summary>As an editor counts: the line of column names is 1.</summary>
    public required int Line { get; init; }

    public required ImportLineOutcome Outcome { get; init; }
    public required string Email { get; init; }
    public required string Reason { get; init; }
}

public enum ImportLineOutcome
{
    Updated,
    Duplicate,
    Rejected,
}

internal sealed class ContactImportConfiguration : IEntityTypeConfiguration<ContactImport>
{
    public void Configure(EntityTypeBuilder<ContactImport> builder)
    {
        builder.HasKey(import => new { import.TenantId, import.Id });
        builder.HasIndex(import => new { import.TenantId, import.CreatedAt });
        builder.HasOne<Tenant>().WithMany().HasForeignKey(import => import.TenantId);
    }
}

internal sealed class ContactImportLineConfiguration : IEntityTypeConfiguration<ContactImportLine>
{
    public void Configure(EntityTypeBuilder<ContactImportLine> builder)
    {
        builder.HasKey(line => new
        {
            line.TenantId,
            line.ImportId,
            line.Line,
        });
        builder.HasIndex(line => new
        {
            line.TenantId,
            line.ImportId,
            line.Outcome,
            line.Line,
        });
        builder
            .HasOne<ContactImport>()
            .WithMany()
            .HasForeignKey(line => new { line.TenantId, line.ImportId })
            .OnDelete(DeleteBehavior.Cascade);
    }
}
