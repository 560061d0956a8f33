using Ledgerpost.Identity;

namespace UnitTests.Identity;

public sealed class PasswordRulesTests
{
    [Theory]
    [InlineData("password1234")]
    [InlineData("Password1234!")]
    [InlineData("P@ssw0rd!2026")]
    [InlineData("passwordpassword")]
    [InlineData("Welcome-Admin-2026!")]
    [InlineData("iloveyou12345")]
    [InlineData("qwertyuiop12")]
    [InlineData("letmeinletmein")]
    [InlineData("123456789012")]
    [InlineData("abcdefghijkl")]
    [InlineData("210987654321")]
    [InlineData("abcabcabcabc")]
    [InlineData("aaaaaaaaaaaaaaaa")]
    [InlineData("elevenchars")]
    [InlineData("123qweasdzxc")]
    [InlineData("1QAZ2wsx3edc")]
    [InlineData("leavemealone")]
    [InlineData("mailcreated5240")]
    [InlineData("Sunfl0wer2026!")]
    [InlineData("!!sonyericsson!!")]
    [InlineData("ada-lovelace-1815")]
    public void Guessed_First_IsRefused(string password) =>
        Assert.NotNull(PasswordRules.Problem(password, "ada.lovelace@example.org"));

    [Theory]
    [InlineData("correct horse battery")]
    [InlineData("a password of words")]
    [InlineData("twelve chars")]
    [InlineData("kq4-t7zz-mmw9")]
    [InlineData("lovelace was first")]
    [InlineData("Correct-Horse-42-Battery")]
    public void Other_IsTaken(string password) =>
        Assert.Null(PasswordRules.Problem(password, "ada.lovelace@example.org"));
}
