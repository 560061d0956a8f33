using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit.Abstractions;

namespace UnitTests.Contacts.Import;

[Trait("Category", "Long")]
public sealed class ContactImporterAtScaleTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Import_OfAHundredThousandLines_CountsEachOnce()
    {
        await using var rig = await ImportRig.CreateAsync();
        var random = new Random(7);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var (accepted, duplicates, rejected) = (0, 0, 0);
        var csv = new StringBuilder("email;first name;tags\r\n");
        for (var i = 0; i < 100_000; i++)
        {
            if (random.Next(50) == 0)
            {
                csv.Append(random.Next(2) == 0 ? "nobody at all;;\r\n" : "\"open;Ada;\r\n");
                rejected++;
            }
            else
            {
                var address = $"person{random.Next(90_000)}@example.net";
                _ = seen.Add(address) ? accepted++ : duplicates++;
                csv.Append(CultureInfo.InvariantCulture, $"{address};\"Per;son {i}\";\"red, tag{i % 7}\"\r\n");
            }
        }

        var clock = Stopwatch.StartNew();
        var result = await rig.ImportAsync(csv.ToString());
        output.WriteLine($"{result.View.Lines:N0} lines in {clock.Elapsed.TotalSeconds:N1} s");

        Assert.Equal((100_000, accepted, 0, duplicates, rejected), result.Counts);
        Assert.Equal(accepted, (await rig.ContactsAsync()).Count);
    }
}
