using Ledgerpost.Sending;
using Xunit.Abstractions;

namespace UnitTests.Model;

/// <summary>The protocol of one chunk, in every interleaving there is.</summary>
public sealed class SendModelTests(ITestOutputHelper output)
{
    /// <summary>
    /// The product's own window and margin, with two hours for the model's one. From intent to socket and on the network a
    /// request may take a model hour each, 240 and 120 times what the product allows.
    /// </summary>
    private static readonly SendRules Product = new()
    {
        Window = (int)(new SendingOptions().KeyWindow / TimeSpan.FromHours(2)),
        Margin = (int)(new SendingOptions().KeyWindowMargin / TimeSpan.FromHours(2)),
    };

    [Fact]
    public void Protocol_InEveryReachableState_MailsNobodyTwiceAndLeavesNobodyOut()
    {
        var found = output.Holds(new SendModel(Product, strict: true));

        Assert.InRange(found.States, 500_000, int.MaxValue);
    }

    [Theory]
    [InlineData(4, 2, 1, 1, 1)]
    [InlineData(6, 3, 2, 1, 2)]
    [InlineData(6, 3, 1, 2, 1)]
    [InlineData(8, 4, 2, 2, 2)]
    public void Protocol_WithOtherDelaysThatTheMarginCovers_Holds(
        int window,
        int margin,
        int onTheNetwork,
        int intentToPost,
        int lease
    )
    {
        var rules = new SendRules
        {
            Window = window,
            Margin = margin,
            OnTheNetwork = onTheNetwork,
            IntentToPost = intentToPost,
            Lease = lease,
        };

        output.Holds(new SendModel(rules, strict: true));
    }

    /// <summary>What the margin has left over delay and pause, a clock may be wrong by; one more, and there are two mails.</summary>
    [Fact]
    public void TimeThatGoesBack_IsCoveredByWhatTheMarginHasLeft_AndMailsTwiceBeyondIt()
    {
        var rules = new SendRules
        {
            Window = 6,
            Margin = 3,
            TimeSetBack = 1,
        };

        output.Holds(new SendModel(rules, strict: true));
        output.Breaks(new SendModel(rules with { TimeSetBack = 2 }, strict: false), "TWO MAILS", "2 mails out");
    }

    /// <summary>The bytes are frozen so that people get their mail; against a second one the key alone is enough.</summary>
    [Fact]
    public void BytesRenderedAgain_AloneMailNobodyTwice_ButTheProviderSeesOtherBytesUnderOneKey()
    {
        var rules = new SendRules { FrozenBytes = false };

        output.Holds(new SendModel(rules, strict: false));
        output.Breaks(new SendModel(rules, strict: true), "OTHER BYTES under a key that was used", "1 mail out");
    }

    [Fact]
    public void Exploration_OfAWorldWithoutABound_SaysSo()
    {
        Assert.Throws<InvalidOperationException>(() => Explorer<SendState>.Explore(new SendModel(Product, true), 1000));
    }
}
