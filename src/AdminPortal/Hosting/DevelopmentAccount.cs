using System.Security.Cryptography;
using Ledgerpost.Identity;

namespace AdminPortal.Hosting;

/// <summary>
/// The account with which a newcomer signs in to a portal on their own machine. Its password is made up per data
/// directory and kept beside the data, so that each start can print it again.
/// </summary>
public sealed class DevelopmentAccount(FirstOperator firstOperator, PortalOptions portal)
{
    public const string Email = "demo@ledgerpost.test";

    // Without letters and digits that are taken for one another.
    private const string Letters = "abcdefghjkmnpqrstuvwxyz23456789";

    private string File => Path.Combine(portal.DataDirectory, "development-password");

    public async Task CreateAsync(CancellationToken cancellation)
    {
        var password = string.Join(
            '-',
            Enumerable.Range(0, 3).Select(_ => RandomNumberGenerator.GetString(Letters, 4))
        );
        await System.IO.File.WriteAllTextAsync(File, password, cancellation);
        if (!OperatingSystem.IsWindows())
        {
            System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        await firstOperator.CreateAsync(Email, password, "Demo", cancellation);
    }

    /// <summary>How to sign in; null when this data directory's account came about in another way.</summary>
    public SignInHint? Hint() =>
        System.IO.File.Exists(File) ? new SignInHint(Email, System.IO.File.ReadAllText(File).Trim()) : null;
}

public sealed record SignInHint(string Email, string Password);
