using System.Globalization;
using AdminPortal.Components.Shared;
using Ledgerpost.Sending;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace AdminPortal.Features.Campaigns;

/// <summary>Asks for a time on the clocks of the tenant's zone; closes with the instant, or null.</summary>
public sealed partial class ScheduleDialog
{
    private const string Format = "yyyy-MM-ddTHH:mm";

    private DateTime? _wall;
    private bool _second;

    [Inject]
    public required DialogService Dialogs { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    /// <summary>The tenant's; UTC when null.</summary>
    [Parameter]
    public TimeZoneInfo? Zone { get; set; }

    /// <summary>What stands there so far.</summary>
    [Parameter]
    public DateTimeOffset? Present { get; set; }

    private TimeZoneInfo Clock => Zone ?? TimeZoneInfo.Utc;

    private string ZoneName => Zone is null || Zone.Equals(TimeZoneInfo.Utc) ? "UTC" : Zone.Id;

    private DateTime Here => TimeZoneInfo.ConvertTime(Time.GetUtcNow(), Clock).DateTime;

    private ScheduleTime? Meant => _wall is { } wall ? ScheduleTime.Of(wall, Clock) : null;

    private DateTimeOffset? Instant =>
        Meant switch
        {
            ScheduleTime.Once once => once.At,
            ScheduleTime.Twice twice => _second ? twice.Second : twice.First,
            _ => null,
        };

    private DateTimeOffset? At => Problem is null ? Instant : null;

    private string? Problem =>
        Meant switch
        {
            ScheduleTime.Never never =>
                $"There is no such time in {ZoneName} on that day: the clocks are put forward over it. The next is {never.Next.ToString("HH:mm", CultureInfo.InvariantCulture)}.",
            not null => ScheduleCampaign.Problem(Instant!.Value, Time.GetUtcNow())?.Message,
            null => null,
        };

    /// <returns>Null when nothing was chosen.</returns>
    public static async Task<DateTimeOffset?> AskAsync(
        DialogService dialogs,
        string name,
        TimeZoneInfo? zone,
        DateTimeOffset? present
    ) =>
        await dialogs.OpenAsync<ScheduleDialog>(
            $"Schedule \u201c{name}\u201d?",
            new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                [nameof(Zone)] = zone,
                [nameof(Present)] = present,
            },
            new DialogOptions
            {
                Width = "520px",
                Height = "auto",
                CloseDialogOnEsc = true,
                AutoFocusFirstElement = true,
                ShowClose = true,
            }
        ) as DateTimeOffset?;

    protected override void OnInitialized()
    {
        // Tomorrow at nine, unless something is chosen already.
        _wall =
            Present is { } present && present > Time.GetUtcNow()
                ? TimeZoneInfo.ConvertTime(present, Clock).DateTime
                : Here.Date.AddDays(1).AddHours(9);
        _second = Meant is ScheduleTime.Twice twice && twice.Second == Present;
    }

    private static string Text(DateTime? wall) => wall?.ToString(Format, CultureInfo.InvariantCulture) ?? "";

    private void Choose(ChangeEventArgs change)
    {
        _second = false;
        _wall = DateTime.TryParse(
            change.Value as string,
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out var wall
        )
            ? wall
            : null;
    }

    private void Confirm() => Dialogs.Close(At);
}
