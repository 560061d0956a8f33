using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Ledgerpost.Campaigns;

namespace Ledgerpost.Sending;

/// <summary>
/// One campaign's mail as the bytes of its JSON, cut at the places where people differ: writing a mail is then copying.
/// The bytes are exactly those of <see cref="MailBatch.WriteMail"/> for the same person; whoever or whatever does not fit
/// goes that way.
/// </summary>
public sealed class MailForm
{
    /// <summary>A longer value goes the long way, which looks at sizes; with it the form knows that it stays below them.</summary>
    private const int MostCharacters = 100;

    /// <summary><c>&amp;quot;</c> for one character is the most that escaping makes of it.</summary>
    private const int MostEscaped = 6;

    /// <summary>Places in HTML are moved by so much, because there their values are escaped.</summary>
    private const int InHtml = 0x80;

    private const char To = MailPlaces.FirstFree;
    private const char Number = (char)(MailPlaces.FirstFree + 1);
    private const char ChunkNumber = (char)(MailPlaces.FirstFree + 2);
    private const char Generation = (char)(MailPlaces.FirstFree + 3);

    /// <summary>One byte each, which nothing escapes: what nearly every name, address and link consists of.</summary>
    private static readonly SearchValues<char> AsItIs = SearchValues.Create(
        " !#$%()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~"
    );

    private readonly List<(byte[] Before, char Place)> _parts = [];
    private readonly byte[] _end;

    private MailForm(byte[] mail)
    {
        var start = 0;
        for (var at = 0; at < mail.Length; at++)
        {
            if (PlaceAt(mail, at) is not { } place)
            {
                continue;
            }

            _parts.Add((mail[start..at], place.Character));
            start = at + place.Length;
            at = start - 1;
        }

        _end = mail[start..];
    }

    /// <param name="like">A form is for everybody who has and lacks the same values as this person.</param>
    /// <returns>Null when this template needs each person's own rendering.</returns>
    public static MailForm? TryCreate(Campaign campaign, MailTemplate template, PersonValues like)
    {
        var own = like.Own.Select(value => value is not null).ToArray();
        if (
            template.RenderPlaces(like.Person.FirstName is not null, like.Person.LastName is not null, own)
                is not { } mail
            || IsTooLarge(mail)
        )
        {
            return null;
        }

        var html = string.Create(
            mail.Html.Length,
            mail.Html,
            static (moved, original) =>
            {
                for (var i = 0; i < moved.Length; i++)
                {
                    moved[i] = MailPlaces.IsPlace(original[i]) ? (char)(original[i] + InHtml) : original[i];
                }
            }
        );
        var buffer = new ArrayBufferWriter<byte>();
        MailBatch.WriteMail(
            buffer,
            campaign,
            To.ToString(),
            mail with
            {
                Html = html,
            },
            MailPlaces.UnsubscribeUrl.ToString(),
            MailTags.Named(campaign.Id.ToString("N"), Number.ToString(), ChunkNumber.ToString(), Generation.ToString())
        );
        return new MailForm(buffer.WrittenSpan.ToArray());
    }

    public static bool Fits(PersonValues values) =>
        Fits(values.Person.Email)
        && FitsOrNone(values.Person.FirstName)
        && FitsOrNone(values.Person.LastName)
        && Array.TrueForAll(values.Own, FitsOrNone);

    public void Write(IBufferWriter<byte> output, PersonValues values, string unsubscribeUrl, ClaimedChunk chunk)
    {
        foreach (var (before, place) in _parts)
        {
            output.Write(before);
            var inHtml = place >= MailPlaces.FirstName + InHtml;
            var value = Value(inHtml ? (char)(place - InHtml) : place, values, unsubscribeUrl, chunk);
            WriteValue(output, inHtml ? MailTemplate.EscapeHtml(value) : value);
        }

        output.Write(_end);
    }

    private static string Value(char place, PersonValues values, string unsubscribeUrl, ClaimedChunk chunk) =>
        place switch
        {
            MailPlaces.FirstName => values.Person.FirstName!,
            MailPlaces.LastName => values.Person.LastName!,
            MailPlaces.Email or To => values.Person.Email,
            MailPlaces.UnsubscribeUrl => unsubscribeUrl,
            Number => values.Person.Number.ToString(CultureInfo.InvariantCulture),
            ChunkNumber => chunk.Number.ToString(CultureInfo.InvariantCulture),
            Generation => chunk.Generation.ToString(CultureInfo.InvariantCulture),
            >= MailPlaces.FirstOwn => values.Own[place - MailPlaces.FirstOwn]!,
            _ => throw new InvalidOperationException($"No such place: {(int)place:x}."),
        };

    private static void WriteValue(IBufferWriter<byte> output, string value)
    {
        if (value.AsSpan().ContainsAnyExcept(AsItIs))
        {
            output.Write(JsonEncodedText.Encode(value, MailBatch.Encoder).EncodedUtf8Bytes);
            return;
        }

        output.Advance(Encoding.ASCII.GetBytes(value, output.GetSpan(value.Length)));
    }

    private static bool FitsOrNone(string? value) => value is null || Fits(value);

    private static bool Fits(string value) => value.Length <= MostCharacters && MailPlaces.IsPlain(value);

    private static bool IsTooLarge(RenderedMail mail) =>
        mail.Subject.Length + (mail.Subject.Count(MailPlaces.IsPlace) * MostCharacters) > MailTemplate.MaxSubjectLength
        || IsTooLarge(mail.Html)
        || IsTooLarge(mail.Text);

    private static bool IsTooLarge(string part) =>
        Encoding.UTF8.GetByteCount(part) + (part.Count(MailPlaces.IsPlace) * MostCharacters * MostEscaped)
        > MailTemplate.MaxBytes;

    // JSON writes a private-use character as six ASCII characters; in a string of JSON nothing else looks so.
    private static (char Character, int Length)? PlaceAt(ReadOnlySpan<byte> mail, int at)
    {
        const int Length = 6;
        return
            mail.Length - at >= Length
            && mail[at] == '\\'
            && mail[at + 1] == 'u'
            && int.TryParse(mail.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, null, out var code)
            && MailPlaces.IsPlace((char)code)
            ? ((char)code, Length)
            : null;
    }
}
