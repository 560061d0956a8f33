using AdminPortal.Tenancy;
using Ledgerpost.Contacts.Import;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Contacts;

/// <summary>What became of a file, line by line; counts follow while it runs.</summary>
public sealed partial class ImportReportPage : IDisposable
{
    private const int PageSize = 50;
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _closed = new();
    private ITimer? _timer;
    private ImportView? _view;
    private ImportLinePage? _lines;
    private ImportLineOutcome? _outcome;
    private string? _failed;
    private bool _missing;
    private bool _looking;

    [Inject]
    public required ImportReport Report { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    [Inject]
    public required ILogger<ImportReportPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    [Parameter]
    public required Guid Id { get; set; }

    /// <summary>Only lines with this outcome.</summary>
    [SupplyParameterFromQuery(Name = "show")]
    public string? Show { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageQuery { get; set; }

    private int PageNumber => Math.Max(1, PageQuery ?? 1);

    private IEnumerable<(string Name, int Count, string? Tone)> Counts =>
        [
            ("Lines", _view!.Lines, null),
            ("Added", _view.Accepted, "good"),
            ("Updated", _view.Updated, null),
            ("Duplicate", _view.Duplicates, null),
            ("Rejected", _view.Rejected, _view.Rejected > 0 ? "bad" : null),
        ];

    private IEnumerable<(ImportLineOutcome Outcome, string Word, int Count)> Tabs =>
        [
            (ImportLineOutcome.Rejected, "Rejected", _view!.Rejected),
            (ImportLineOutcome.Duplicate, "Duplicate", _view.Duplicates),
            (ImportLineOutcome.Updated, "Updated", _view.Updated),
        ];

    private string Nothing =>
        _view!.Running ? "Nothing to report so far."
        : _view.FinishedAt < Time.GetUtcNow() - ForgetImportLines.Kept ? "The lines of an import are kept for 90 days."
        : _outcome == ImportLineOutcome.Updated && _view.Updated > 0 ? "Nothing was new about these contacts."
        : _outcome is not null ? "No such line."
        : _view.Updated > 0 ? "Every line was a new contact, or of one about whom nothing was new."
        : "Every line was a new contact.";

    public void Dispose()
    {
        _timer?.Dispose();
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override async Task OnParametersSetAsync()
    {
        _outcome = Enum.TryParse<ImportLineOutcome>(Show, ignoreCase: true, out var outcome) ? outcome : null;
        await LoadAsync();
        if (_view is { Running: true })
        {
            _timer ??= Time.CreateTimer(_ => _ = InvokeAsync(LookAgainAsync), null, LookAgain, LookAgain);
        }
    }

    private static string Value(ImportLineOutcome outcome) => outcome.ToString().ToLowerInvariant();

    private async Task LookAgainAsync()
    {
        if (_looking || _closed.IsCancellationRequested)
        {
            return;
        }

        _looking = true;
        await LoadAsync();
        _looking = false;
        if (_view is not { Running: true })
        {
            _timer?.Dispose();
            _timer = null;
        }

        StateHasChanged();
    }

    private async Task LoadAsync()
    {
        try
        {
            var view = await Report.FindAsync(Session.Caller, Id, _closed.Token);
            _lines = view is null
                ? null
                : await Report.LinesAsync(
                    Session.Caller,
                    Id,
                    _outcome,
                    (PageNumber - 1) * PageSize,
                    PageSize,
                    _closed.Token
                );
            (_view, _missing, _failed) = (view, view is null, null);
        }
        catch (OperationCanceledException)
        {
            // The page was closed.
        }
        catch (Exception failure)
        {
            Logger.LogError(failure, "The report of an import could not be loaded");
            _failed = "The report could not be loaded.";
        }
    }
}
