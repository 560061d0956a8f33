using AdminPortal.Components.Shared;
using Ledgerpost.Audit;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Audit;

/// <summary>Until which entry the log was verified, and the button that does it now.</summary>
public sealed partial class AuditVerification : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private AuditAnchor? _anchor;
    private AuditVerdict? _verdict;
    private bool _busy;
    private bool _failed;

    [Inject]
    public required ILogger<AuditVerification> Logger { get; init; }

    /// <summary>How far the log had come when it was last anchored.</summary>
    [Parameter, EditorRequired]
    public required Func<CancellationToken, Task<AuditAnchor?>> Anchor { get; set; }

    [Parameter, EditorRequired]
    public required Func<CancellationToken, Task<AuditVerdict>> Verify { get; set; }

    public void Dispose()
    {
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override async Task OnInitializedAsync()
    {
        try
        {
            _anchor = await Anchor(_closed.Token);
        }
        catch (AccessDeniedException)
        {
            // The log beside it says so.
        }
    }

    private async Task VerifyAsync()
    {
        (_busy, _failed) = (true, false);
        try
        {
            _verdict = await Verify(_closed.Token);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Logger.LogError(exception, "The audit log could not be verified.");
            (_verdict, _failed) = (null, true);
        }
        finally
        {
            _busy = false;
        }
    }

    private static string Before(AuditVerdict verdict) =>
        verdict.Entries == 0 ? "" : "All before it is as it was written.";

    private static string Whole(AuditVerdict verdict) =>
        verdict.Entries == 0
            ? "The log is empty, and nothing says that it was ever longer."
            : $"All {Words.Count(verdict.Entries, "entry is as it was written", "entries are as they were written")}. "
                + (
                    verdict.Anchor is { } anchor && anchor.Sequence == verdict.Entries
                        ? "None could be missing at the end: the last one is anchored outside the database."
                        : $"Up to entry {Words.Count(verdict.Anchor?.Sequence ?? 0)} the end is anchored outside the database; newer entries could be cut off unnoticed until the next anchor, within a day."
                );
}
