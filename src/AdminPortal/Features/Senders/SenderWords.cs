using AdminPortal.Components.Shared;
using Ledgerpost.Senders;

namespace AdminPortal.Features.Senders;

internal static class SenderWords
{
    public static (string Word, Tone Tone) Of(DomainStatus status) =>
        status switch
        {
            DomainStatus.Verified => ("Verified", Tone.Good),
            DomainStatus.Pending => ("Being checked", Tone.Accent),
            DomainStatus.PartiallyVerified => ("Partly verified", Tone.Warn),
            DomainStatus.PartiallyFailed => ("Partly failed", Tone.Bad),
            DomainStatus.Failed => ("Failed", Tone.Bad),
            _ => ("Not verified", Tone.Warn),
        };

    public static (string Word, Tone Tone) OfRecord(string? status) =>
        status switch
        {
            "verified" => ("Found", Tone.Good),
            "pending" => ("Looking", Tone.Accent),
            "failed" => ("Wrong", Tone.Bad),
            "temporary_failure" => ("Not answered", Tone.Warn),
            _ => ("Missing", Tone.Warn),
        };

    public static string Region(string region) =>
        region switch
        {
            "us-east-1" => "North Virginia (us-east-1)",
            "eu-west-1" => "Ireland (eu-west-1)",
            "sa-east-1" => "São Paulo (sa-east-1)",
            "ap-northeast-1" => "Tokyo (ap-northeast-1)",
            _ => region,
        };
}
