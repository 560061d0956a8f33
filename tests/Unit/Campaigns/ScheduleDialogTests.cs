using System.Globalization;
using AdminPortal.Features.Campaigns;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Radzen;
using UnitTests.Support;

namespace UnitTests.Campaigns;

public sealed class ScheduleDialogTests : BunitContext
{
    [Theory]
    [InlineData("2027-10-31T00:30:00Z", "The first, UTC+02:00")]
    [InlineData("2027-10-31T01:30:00Z", "The second, UTC+01:00")]
    public void TimeThatComesTwice_IsShownAsTheOneThatStandsThere(string utc, string which)
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddRadzenComponents();
        var present = DateTimeOffset.Parse(utc, CultureInfo.InvariantCulture);
        Services.AddSingleton<TimeProvider>(new ManualTime(present.AddDays(-30)));

        var dialog = Render<ScheduleDialog>(parameters =>
            parameters
                .Add(part => part.Zone, TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"))
                .Add(part => part.Present, present)
        );

        Assert.Equal(which, dialog.Find("input[checked]").ParentElement!.TextContent.Trim());
        Assert.Contains(
            $"31 Oct 2027, {utc[11..19]} UTC",
            dialog.Find("[role=status]").TextContent,
            StringComparison.Ordinal
        );
    }
}
