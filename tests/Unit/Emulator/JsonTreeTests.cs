using System.Text;
using System.Text.Json;
using ResendEmulator.Protocol;

namespace UnitTests.Emulator;

/// <summary>Held against the reader that everybody uses: what the one takes the other takes, and as the same.</summary>
public sealed class JsonTreeTests
{
    private const string Mails = """
        [ {"from":"a@b.test", "to": ["c@d.test","\u00e9\n\"\\\/\b\f\r\t"], "n":[0,-1.5e+10,12E-3,true,false,null,{}, []],
        "html":"<p style=\"x\">\ud83d\ude00 déjà \u0041</p>" } , {"":"","a":{"b":{"c":[[[1]]]}},"a":2}]
        """;

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("[1,]")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\"}")]
    [InlineData("{a:1}")]
    [InlineData("[1 2]")]
    [InlineData("01")]
    [InlineData("-")]
    [InlineData("1.")]
    [InlineData("1e")]
    [InlineData(".5")]
    [InlineData("tru")]
    [InlineData("truee")]
    [InlineData("\"a")]
    [InlineData("\"\\x\"")]
    [InlineData("\"\\u12g4\"")]
    [InlineData("\"\\u 123\"")]
    [InlineData("\"a\nb\"")]
    [InlineData("[] []")]
    [InlineData("null")]
    [InlineData(" \"a\" ")]
    [InlineData("-0.0e-0")]
    public void Parse_WhateverItIs_TakesWhatTheOtherReaderTakes(string text) =>
        Assert.Equal(Reference(Encoding.UTF8.GetBytes(text)), Ours(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData(64)]
    [InlineData(65)]
    public void Parse_Deep_EndsWhereTheOtherReaderEnds(int depth)
    {
        var text = Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth));
        Assert.Equal(Reference(text) is null, Ours(text) is null);
    }

    [Fact]
    public void Parse_Mails_AreTheSame()
    {
        var text = Encoding.UTF8.GetBytes(Mails);
        Assert.NotNull(Ours(text));
        Assert.Equal(Reference(text), Ours(text));
    }

    [Fact]
    public void Parse_MailsWithBytesChanged_TakesWhatTheOtherReaderTakes()
    {
        var random = new Random(7);
        var taken = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var text = Encoding.UTF8.GetBytes(Mails);
            for (var change = random.Next(1, 3); change > 0; change--)
            {
                text[random.Next(text.Length)] = (byte)"{}[]\",:\\u0e-.x \n"[random.Next(16)];
            }

            var expected = Reference(text);
            var ours = Ours(text);
            Assert.True(expected is null == ours is null, Encoding.UTF8.GetString(text));
            // Where the other reader has no text for half a surrogate pair, ours is another one.
            Assert.True(expected == ours || expected!.Contains('\0', StringComparison.Ordinal));
            taken += expected is null ? 0 : 1;
        }

        Assert.InRange(taken, 1000, 19_000);
    }

    [Fact]
    public void Text_WithHalfAPair_StaysAsItWasWritten()
    {
        using var tree = JsonTree.Parse("\"a\\ud800b\\u0041\""u8.ToArray())!;
        Assert.Equal("a\\ud800bA", tree.Root.Text);
    }

    private static string? Ours(byte[] text)
    {
        using var tree = JsonTree.Parse(text);
        var shown = new StringBuilder();
        if (tree is not null)
        {
            Show(tree.Root, shown);
        }

        return tree is null ? null : shown.ToString();
    }

    private static void Show(JsonPart part, StringBuilder shown)
    {
        shown.Append(part.Kind).Append('(');
        switch (part.Kind)
        {
            case JsonValueKind.Object:
                foreach (var nameOrValue in part.Members)
                {
                    Show(nameOrValue, shown);
                }

                break;
            case JsonValueKind.Array:
                shown.Append(part.Count);
                foreach (var item in part.Items)
                {
                    Show(item, shown);
                }

                break;
            default:
                shown.Append(part.Text ?? Encoding.UTF8.GetString(part.Written));
                break;
        }

        shown.Append(')');
    }

    private static string? Reference(byte[] text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var shown = new StringBuilder();
            Show(document.RootElement, shown);
            return shown.ToString();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Show(JsonElement element, StringBuilder shown)
    {
        shown.Append(element.ValueKind).Append('(');
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    shown.Append("String(").Append(Text(() => member.Name)).Append(')');
                    Show(member.Value, shown);
                }

                break;
            case JsonValueKind.Array:
                shown.Append(element.GetArrayLength());
                foreach (var item in element.EnumerateArray())
                {
                    Show(item, shown);
                }

                break;
            case JsonValueKind.String:
                shown.Append(Text(() => element.GetString()!));
                break;
            default:
                shown.Append(element.GetRawText());
                break;
        }

        shown.Append(')');
    }

    // Half a surrogate pair or broken UTF-8: the other reader gives no text.
    private static string Text(Func<string> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            return "\0";
        }
    }
}
