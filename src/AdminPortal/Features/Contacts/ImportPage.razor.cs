using AdminPortal.Tenancy;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;

namespace AdminPortal.Features.Contacts;

/// <summary>Takes a file, and leads to its report.</summary>
public sealed partial class ImportPage : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private IReadOnlyList<ImportView> _latest = [];
    private string? _refused;
    private string? _name;
    private bool _sending;
    private bool _ready;
    private int _percent;

    [Inject]
    public required StartImport Start { get; init; }

    [Inject]
    public required ImportReport Report { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required ILogger<ImportPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    public void Dispose()
    {
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override async Task OnInitializedAsync() =>
        _latest = await Report.LatestAsync(Session.Caller, 5, _closed.Token);

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            // The field hears of a file only once its script is attached; one that was chosen before would be lost.
            await Task.Yield();
            _ready = true;
            StateHasChanged();
        }
    }

    private async Task UploadAsync(InputFileChangeEventArgs args)
    {
        (_refused, _name, _percent, _sending) = (null, args.File.Name, 0, true);
        StateHasChanged();
        try
        {
            if (args.File.Size > ImportFiles.MaxBytes)
            {
                _refused =
                    $"“{args.File.Name}” is larger than {ImportFiles.MaxBytes / (1024 * 1024)} MB. Split it and import the parts one after the other.";
                return;
            }

            await using var content = args.File.OpenReadStream(ImportFiles.MaxBytes, _closed.Token);
            await using var counted = new CountedStream(content, args.File.Size, ShowAsync);
            switch (await Start.ExecuteAsync(Session.Caller, args.File.Name, counted, _closed.Token))
            {
                case ImportOutcome.Started started:
                    Navigation.NavigateTo(PortalUrls.ContactImport(Session.Slug, started.ImportId));
                    break;
                case ImportOutcome.Refused refused:
                    _refused = refused.Reason;
                    break;
            }
        }
        catch (AccessDeniedException denied)
        {
            _refused = denied.Message;
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !_closed.IsCancellationRequested)
        {
            Logger.LogError(failure, "An upload failed");
            _refused = "The upload did not come to its end. Choose the file again.";
        }
        finally
        {
            _sending = false;
        }
    }

    private Task ShowAsync(int percent) =>
        InvokeAsync(() =>
        {
            _percent = percent;
            StateHasChanged();
        });
}
