using AdminPortal.Components.Shared;
using Ledgerpost.Identity;

namespace AdminPortal.Features.You;

/// <summary>Attempts to sign in, in words.</summary>
public static class SignInWords
{
    public static string By(SignInMethod method) =>
        method switch
        {
            SignInMethod.Password => "with the password",
            SignInMethod.Authenticator => "with password and code",
            SignInMethod.RecoveryCode => "with password and recovery code",
            SignInMethod.Passkey => "with a passkey",
            _ => "with a set-up link",
        };

    public static string Result(SignInRecord attempt) =>
        attempt.Result switch
        {
            SignInResult.SignedIn => $"Signed in {By(attempt.Method)}",
            SignInResult.WrongPassword => "Wrong password",
            SignInResult.WrongCode => "Wrong code",
            SignInResult.WrongPasskey => "Wrong passkey",
            SignInResult.LockedOut => "Wrong once too often, closed for 15 minutes",
            _ => "Refused, because it was closed",
        };

    public static Tone ToneOf(SignInResult result) =>
        result switch
        {
            SignInResult.SignedIn => Tone.Good,
            SignInResult.LockedOut => Tone.Bad,
            _ => Tone.Warn,
        };
}
