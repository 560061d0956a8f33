namespace Ledgerpost.Contacts.Import;

internal enum QuoteState
{
    /// <summary>Every quotation mark that opens a value closes it.</summary>
    Closed,

    /// <summary>The text ends inside of quotes.</summary>
    Open,

    /// <summary>A mark inside an unquoted value, or something behind a closing one.</summary>
    Stray,
}

/// <summary>The rules of RFC 4180 for quotation marks, with blanks around a quoted value forgiven.</summary>
internal static class CsvQuotes
{
    public static QuoteState Look(ReadOnlySpan<char> text, char delimiter)
    {
        var i = 0;
        while (true)
        {
            while (i < text.Length && text[i] == ' ')
            {
                i++;
            }

            if (i < text.Length && text[i] == '"')
            {
                if (!SkipQuoted(text, ref i))
                {
                    return QuoteState.Open;
                }

                while (i < text.Length && text[i] == ' ')
                {
                    i++;
                }

                if (i < text.Length && text[i] != delimiter)
                {
                    return QuoteState.Stray;
                }
            }
            else
            {
                while (i < text.Length && text[i] != delimiter)
                {
                    if (text[i] == '"')
                    {
                        return QuoteState.Stray;
                    }

                    i++;
                }
            }

            if (i >= text.Length)
            {
                return QuoteState.Closed;
            }

            i++;
        }
    }

    private static bool SkipQuoted(ReadOnlySpan<char> text, ref int i)
    {
        i++;
        while (i < text.Length)
        {
            if (text[i] != '"')
            {
                i++;
            }
            else if (i + 1 < text.Length && text[i + 1] == '"')
            {
                i += 2;
            }
            else
            {
                i++;
                return true;
            }
        }

        return false;
    }
}
