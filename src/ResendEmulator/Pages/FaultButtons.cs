using ResendEmulator.Faults;

namespace ResendEmulator.Pages;

/// <summary>Faults in plain words: a name for the form, the sentence on the button, and the rule it sets.</summary>
internal static class FaultButtons
{
    public static readonly IReadOnlyList<(string Name, string Sentence, FaultRule Rule)> All =
    [
        ("fail", "Fail every call with 503", new FaultRule { Status = 503 }),
        ("fail-once", "Fail once with 503", new FaultRule { Status = 503, Times = 1 }),
        ("accept-cut", "Accept but cut the answer once", Once(FaultKind.Cut, FaultPoint.After)),
        ("accept-500", "Accept but answer 500 once", Once(FaultKind.Refuse, FaultPoint.After) with { Status = 500 }),
        ("accept-short", "Accept but answer with an id missing, once", Once(FaultKind.ShortAnswer, FaultPoint.After)),
        ("cut", "Cut the connection before acceptance once", Once(FaultKind.Cut, FaultPoint.Before)),
        ("hang", "Never answer from then on", new FaultRule { Kind = FaultKind.Hang }),
        ("slow", "Take 10 seconds for every call", new FaultRule { Kind = FaultKind.Slow, DelayMilliseconds = 10_000 }),
        ("html", "Answer with a proxy's HTML page once", Once(FaultKind.Html, FaultPoint.Before)),
        ("rate", "Too many requests, for five calls", new FaultRule { Status = 429, Times = 5 }),
        (
            "daily",
            "Daily quota exceeded from then on",
            new FaultRule
            {
                Status = 429,
                Name = "daily_quota_exceeded",
                Message = "You have reached your daily email sending quota.",
            }
        ),
        (
            "key",
            "API key refused from then on",
            new FaultRule
            {
                Status = 401,
                Name = "validation_error",
                Message = "API key is invalid",
            }
        ),
        (
            "domain",
            "Sender domain not verified from then on",
            new FaultRule
            {
                Status = 403,
                Name = "validation_error",
                Message =
                    "The domain is not verified. Please, add and verify your domain on https://resend.com/domains",
            }
        ),
        (
            "bad-address",
            "Refuse every call with 422, as for a bad address",
            new FaultRule
            {
                Status = 422,
                Name = "validation_error",
                Message =
                    "Invalid `to` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.",
            }
        ),
        ("share", "Fail one call in five by chance with 503", new FaultRule { Status = 503, Share = 0.2 }),
    ];

    /// <summary>The rule of a button, beginning after some calls and perhaps only for some recipients.</summary>
    public static FaultRule? Rule(string name, int skip, string? address)
    {
        var (_, sentence, rule) = All.FirstOrDefault(button =>
            string.Equals(button.Name, name, StringComparison.Ordinal)
        );
        if (rule is null)
        {
            return null;
        }

        var start = skip > 0 ? $", after {skip} more calls" : "";
        var only = string.IsNullOrWhiteSpace(address) ? null : address.Trim();
        return rule with
        {
            From = Math.Max(skip, 0) + 1,
            Address = only,
            Label = sentence + start + (only is null ? "" : $", for recipients with “{only}”"),
        };
    }

    private static FaultRule Once(FaultKind kind, FaultPoint point) =>
        new()
        {
            Kind = kind,
            Point = point,
            Times = 1,
        };
}
