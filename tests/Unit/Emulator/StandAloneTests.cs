using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using UnitTests.Emulator.Support;

namespace UnitTests.Emulator;

/// <summary>The emulator as a process of its own, killed for real.</summary>
public sealed class StandAloneTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("emulator-alone-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Killed_AndStartedAgain_ItKnowsTheKey()
    {
        var body = EmulatorHarness.Batch("a@one.test", "b@one.test");
        string first;
        using (var process = Start(out var url))
        {
            first = await SendAsync(await url, body);
            process.Kill();
            await process.WaitForExitAsync();
        }

        using var again = Start(out var newUrl);
        var second = await SendAsync(await newUrl, body);
        again.Kill();
        await again.WaitForExitAsync();

        Assert.Contains("\"data\"", first);
        Assert.Equal(first, second);
    }

    private Process Start(out Task<string> url)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            ArgumentList =
            {
                Path.Combine(AppContext.BaseDirectory, "ResendEmulator.dll"),
                "--urls",
                "http://127.0.0.1:0",
                $"--Emulator:DataDirectory={_directory}",
            },
        };
        var process = Process.Start(start)!;
        url = AddressAsync(process);
        return process;
    }

    private static async Task<string> AddressAsync(Process process)
    {
        const string Announcement = "Resend emulator: ";
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(Announcement, StringComparison.Ordinal))
            {
                return line[Announcement.Length..];
            }
        }

        throw new InvalidOperationException("The emulator ended without saying where it listens.");
    }

    private static async Task<string> SendAsync(string url, string body)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, url + "/emails/batch");
        request.Headers.UserAgent.ParseAdd("tests/1.0");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", EmulatorHarness.Key);
        request.Headers.Add("Idempotency-Key", "k1");
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }
}
