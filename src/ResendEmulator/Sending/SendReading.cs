using System.Text.Json.Nodes;
using ResendEmulator.Protocol;

namespace ResendEmulator.Sending;

/// <summary>What was read out of a send request: the good mails, or the refusal, and in permissive mode the bad ones.</summary>
public sealed class SendReading
{
    private readonly List<MailDraft> _mails = [];
    private readonly SortedDictionary<int, string> _errors = [];
    private bool _batch;
    private int _statusIfAllInvalid = 200;

    public ApiAnswer? Refusal { get; private init; }

    public bool Permissive { get; private set; }

    public IReadOnlyList<MailDraft> Mails => _mails;

    public static SendReading Refused(ApiAnswer refusal) => new() { Refusal = refusal };

    public static SendReading Single((MailDraft? Mail, ApiAnswer? Refusal) check)
    {
        var reading = new SendReading { Refusal = check.Refusal };
        if (check.Mail is not null)
        {
            reading._mails.Add(check.Mail);
        }

        return reading;
    }

    public static SendReading Batch(MailRules rules, JsonPart body, bool permissive, int statusIfAllInvalid)
    {
        var reading = new SendReading
        {
            _batch = true,
            Permissive = permissive,
            _statusIfAllInvalid = statusIfAllInvalid,
        };
        var position = 0;
        foreach (var item in body.Items)
        {
            var (mail, refusal) = rules.Check(item, position);
            if (refusal is not null && !permissive)
            {
                return Refused(refusal);
            }

            if (refusal is not null)
            {
                reading._errors.Add(position, MessageOf(refusal));
            }
            else
            {
                reading._mails.Add(mail!);
            }

            position++;
        }

        return reading;
    }

    /// <summary>Turns a good mail into an error of its own.</summary>
    public void Drop(MailDraft mail, ApiAnswer refusal)
    {
        _mails.Remove(mail);
        _errors.Add(mail.Position, MessageOf(refusal));
    }

    public ApiAnswer Accepted(IReadOnlyList<string> ids)
    {
        if (!_batch)
        {
            return ApiAnswer.Ok(new { id = ids[0] });
        }

        var data = ids.Select(id => new { id }).ToArray();
        if (!Permissive)
        {
            return ApiAnswer.Ok(new { data });
        }

        var errors = _errors.Select(error => new { index = error.Key, message = error.Value }).ToArray();
        return ApiAnswer.Ok(new { data, errors }, ids.Count == 0 ? _statusIfAllInvalid : 200);
    }

    private static string MessageOf(ApiAnswer refusal) => JsonNode.Parse(refusal.Body)!["message"]!.GetValue<string>();
}
