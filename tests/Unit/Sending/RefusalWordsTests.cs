using Ledgerpost.Sending;

namespace UnitTests.Sending;

/// <summary>One fault is recognised whomever its words name; two faults stay two.</summary>
public sealed class RefusalWordsTests
{
    [Theory]
    [InlineData("Invalid `to` field: a@x.example", "Invalid `to` field: b.c+d@y.example")]
    [InlineData("Invalid `to` field: `a@x`.", "Invalid `to` field: `Jürgen B <b@y>`.")]
    [InlineData("Invalid `to` field: a@@x", "Invalid `to` field: @y.")]
    [InlineData("\"A B\" <a@x.example> isn't allowed", "\"C\" <c@y.example> isn't allowed")]
    [InlineData("The recipient's name 'Ann' isn't valid", "The recipient's name 'Bob Lee' isn't valid")]
    [InlineData("Mail 3 of 100 is wrong", "Mail 17 of 50 is wrong")]
    [InlineData("Refused (req_1f0c7a2be9d84c11)", "Refused (req_77b1c3d4e5f60718)")]
    [InlineData("See 0b64c0de-0000-4000-8000-00000000000a", "See 1b64c0de-0000-4000-8000-00000000000b")]
    public void SameFault_AboutSomebodyElse_IsTheSame(string one, string other) =>
        Assert.True(RefusalWords.SameFault(one, other));

    [Theory]
    [InlineData("Invalid `to` field: a@x.example", "Invalid `from` field: a@x.example")]
    [InlineData("Missing `html` field.", "Missing `subject` field.")]
    [InlineData("The recipient isn't valid", "The sender isn't valid")]
    [InlineData("Invalid `to` field.", null)]
    public void AnotherFault_IsAnother(string one, string? other) => Assert.False(RefusalWords.SameFault(one, other));
}
