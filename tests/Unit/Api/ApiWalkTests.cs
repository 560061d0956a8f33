using System.Diagnostics;
using System.Text.RegularExpressions;
using AdminPortal.Hosting;
using UnitTests.Architecture;
using UnitTests.Support;

namespace UnitTests.Api;

/// <summary>docs/api.md's walk, with bash, curl and jq, as a reader would type it.</summary>
public sealed partial class ApiWalkTests
{
    [Fact]
    public async Task Walk_OfTheDocumentation_EndsWithASentCampaign_AndOneMailEach()
    {
        await using var host = await RealHost.StartAsync($"--Bootstrap:OperatorApiKey={ApiHost.OperatorKey}");
        var provider = host.Get<EmbeddedEmulator>().Server!;
        // Its verification takes as long as the stand-in is told; a reader's takes hours.
        var document = SourceFiles.In("docs", "api.md").Single().Text;
        var blocks = Block().Matches(document).Select(match => match.Groups["code"].Value).ToList();
        Assert.True(blocks.Count >= 6, "The walk has gone.");

        var (code, output) = await RunAsync(
            string.Join('\n', blocks),
            ("PORTAL", host.Address),
            ("OPERATOR_KEY", ApiHost.OperatorKey),
            ("PROVIDER", provider.BaseUrl)
        );

        Assert.True(code == 0, output);
        Assert.Contains("\"status\": \"partial\"", output, StringComparison.Ordinal);
        Assert.Contains(
            "{\"status\":\"sent\",\"recipients\":5,\"accepted\":5,\"runs\":2}",
            output,
            StringComparison.Ordinal
        );
        var state = await provider.Control.StateAsync();
        // Five of the campaign and one receipt, asked for twice.
        Assert.Equal((6, 0), (state.Mails, state.Duplicates));
        Assert.Contains(
            "{\"same_mail\":true,\"mail\":\"sent\",\"state\":\"accepted\"}",
            output,
            StringComparison.Ordinal
        );
    }

    private static async Task<(int Code, string Output)> RunAsync(
        string script,
        params (string Name, string Value)[] variables
    )
    {
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", script])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        return (process.HasExited ? process.ExitCode : -1, await output + await errors);
    }

    [GeneratedRegex("```sh\n(?<code>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Block();
}
