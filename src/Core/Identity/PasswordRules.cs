using System.Text;

namespace Ledgerpost.Identity;

/// <summary>
/// Length is what makes a password strong, unless it is one that guessing begins with; rules about digits and signs only
/// make it hard to remember.
/// </summary>
public static class PasswordRules
{
    public const int LeastLength = 12;
    public const int MostLength = 128;

    /// <summary>So many known words in a row are no password either: <c>Welcome-Admin-2026!</c>.</summary>
    private const int MostKnownWords = 3;

    // What the lists of stolen passwords begin with, as far as twelve characters are made of it.
    private static readonly HashSet<string> Known = new(
        (
            "password passwort passwd pass kennwort secret geheim admin administrator root user login welcome willkommen "
            + "letmein letme iloveyou ilove love you princess sunshine monkey dragon master superman batman spiderman football "
            + "fussball baseball basketball soccer hockey shadow michael jordan charlie jennifer jessica ashley daniel thomas "
            + "andrew joshua matthew robert george william trustno trust qwerty qwertz azerty qwertyuiop qwertzuiop asdf asdfgh "
            + "asdfghjkl zxcv zxcvbn zxcvbnm yxcv yxcvbnm qazwsx qazwsxedc qaz wsx edc abc abcd abcdef abcdefgh abcdefghijkl test "
            + "testing tester default changeme change guest demo temp temporary hello hallo computer internet server company firma "
            + "starwars pokemon whatever freedom money summer sommer winter spring autumn fall monday friday january january "
            + "february march april may june july august september october november december ledgerpost portal mail email "
            + "newsletter campaign google microsoft windows apple samsung mustang ferrari porsche mercedes harley yankees chelsea "
            + "liverpool arsenal barcelona cookie flower banana orange cheese chocolate pepper ginger killer hunter ranger buster "
            + "tigger angel angels lovely baby babygirl naruto matrix access super pussy fuck fuckyou fuckme the my is your me i a"
        ).Split(' '),
        StringComparer.Ordinal
    );

    // Whole ones, with their decoration; two of them in a row are two words of a sentence already.
    private static readonly Lazy<HashSet<string>> Common = new(ReadCommon);

    /// <summary>What is wrong with it, as the end of a sentence; null when nothing is.</summary>
    /// <param name="email">Of the account: the first thing that a guesser knows.</param>
    public static string? Problem(string password, string? email = null) =>
        password.Length < LeastLength ? $"must have at least {LeastLength} characters."
        : password.Length > MostLength ? $"must have at most {MostLength} characters."
        : password.Distinct().Count() < 4 || IsRepeated(password)
            ? "repeats the same few characters; choose another one."
        : IsRow(password) ? "is a row of characters as they come; choose another one."
        : IsKnown(password) ? "is among those that are guessed first; choose one that nobody else would."
        : email is not null && IsAddress(password, email) ? "is made of your address; choose another one."
        : null;

    // A unit of up to six characters, again and again.
    private static bool IsRepeated(string password) =>
        Enumerable
            .Range(1, 6)
            .Any(unit => Enumerable.Range(unit, password.Length - unit).All(at => password[at] == password[at - unit]));

    // 123456789012, abcdefghijkl, and backwards; a nine is followed by a nought.
    private static bool IsRow(string password)
    {
        var steps = password.Zip(password.Skip(1), (left, right) => right - left).ToList();
        return steps.All(step => step is 1 or -9) || steps.All(step => step is -1 or 9);
    }

    private static bool IsKnown(string password)
    {
        var letters = Letters(password);
        // Without letters it is a number, which is judged as a row or a repetition.
        return Common.Value.Contains(password.ToLowerInvariant())
            || (letters.Length >= 4 && (Common.Value.Contains(letters) || MadeOf(letters, MostKnownWords)));
    }

    private static HashSet<string> ReadCommon()
    {
        using var stream =
            typeof(PasswordRules).Assembly.GetManifestResourceStream("CommonPasswords.txt")
            ?? throw new InvalidOperationException("The list of common passwords is missing.");
        using var reader = new StreamReader(stream);
        return reader
            .ReadToEnd()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith("# ", StringComparison.Ordinal))
            .ToHashSet(StringComparer.Ordinal);
    }

    private static bool MadeOf(string letters, int words) =>
        letters.Length == 0
        || (
            words > 0
            && Enumerable
                .Range(1, letters.Length)
                .Any(length => Known.Contains(letters[..length]) && MadeOf(letters[length..], words - 1))
        );

    private static bool IsAddress(string password, string email)
    {
        var rest = Letters(password);
        foreach (var part in email.Split('@', '.', '-', '_', '+').Select(Letters).Where(part => part.Length >= 3))
        {
            rest = rest.Replace(part, "", StringComparison.Ordinal);
        }

        return rest.Length < 4 && rest.Length < Letters(password).Length;
    }

    /// <summary>In lower case, with signs that stand for letters read as those, and digits and other signs left out.</summary>
    private static string Letters(string text)
    {
        var letters = new StringBuilder(text.Length);
        // Digits at the ends are decoration, not letters.
        var inner = text.Trim('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '!', '.', '?', '#', '*', '-', '_', ' ');
        foreach (var sign in inner.ToLowerInvariant())
        {
            var letter = sign switch
            {
                '0' => 'o',
                '1' or '!' => 'i',
                '3' => 'e',
                '4' or '@' => 'a',
                '5' or '$' => 's',
                '7' => 't',
                _ => sign,
            };
            if (char.IsLetter(letter))
            {
                letters.Append(letter);
            }
        }

        return letters.ToString();
    }
}
