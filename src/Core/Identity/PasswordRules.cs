namespace Ledgerpost.Identity;

/// <summary>Length is what makes a password strong; rules about digits and signs only make it hard to remember.</summary>
public static class PasswordRules
{
    public const int LeastLength = 12;
    public const int MostLength = 128;

    /// <summary>What is wrong with it, as the end of a sentence; null when nothing is.</summary>
    public static string? Problem(string password) =>
        password.Length < LeastLength ? $"must have at least {LeastLength} characters."
        : password.Length > MostLength ? $"must have at most {MostLength} characters."
        : password.Distinct().Count() < 4 ? "repeats the same few characters; choose another one."
        : null;
}
