using System.Diagnostics;
using System.Net;
using System.Text.Json;
using AdminPortal.Hosting;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Support;

namespace UnitTests.Hosting;

public sealed class StartTests
{
    [Fact]
    public void DataDirectory_TakenTwice_RefusesTheSecond_AndGivesWayWhenTheFirstEnds()
    {
        var folder = Path.Combine(RealHost.NewFolder(), "data");
        using (DataDirectory.Take(folder))
        {
            var refused = Assert.Throws<StartRefusedException>(() => DataDirectory.Take(folder));
            Assert.Contains(folder, refused.Message, StringComparison.Ordinal);
        }

        DataDirectory.Take(folder).Dispose();
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                File.GetUnixFileMode(folder)
            );
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task SecondProcess_OnTheSameFolder_EndsWithOneSentenceAndCode1()
    {
        await using var host = await RealHost.StartAsync();

        var (code, error) = await RunAsync("--environment=Development", $"--Portal:DataDirectory={host.Folder}");

        Assert.Equal(1, code);
        Assert.Contains("is in use by another Ledgerpost process", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongSettings_EndTheProcess_WithAllProblemsAndCode1()
    {
        var (code, error) = await RunAsync("--environment=Production", "--Sending:LeaseSeconds=1", "--Resend:Key=re_1");

        Assert.Equal(1, code);
        Assert.Contains("5 settings are wrong or missing", error, StringComparison.Ordinal);
        Assert.Contains("  - Portal:PublicUrl is missing.", error, StringComparison.Ordinal);
        Assert.Contains("  - Resend:ApiKey is missing.", error, StringComparison.Ordinal);
        Assert.Contains("  - Resend:Key is not a setting of Ledgerpost.", error, StringComparison.Ordinal);
        Assert.Contains("  - Resend:WebhookSecret is missing.", error, StringComparison.Ordinal);
        Assert.Contains("  - Sending:LeaseSeconds is", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithANewKey_WhoseAccountTheProviderDoesNotSay_EndsWithWhatToDo_AndHoldsNothing()
    {
        var folder = RealHost.NewFolder();
        // Nothing listens there.
        string[] silent = ["--Resend:Mode=Resend", "--Resend:BaseUrl=http://127.0.0.1:1"];
        await (
            await RealHost.StartAsync(folder, configure: null, keepFolder: true, [.. silent, "--Resend:ApiKey=re_one"])
        ).DisposeAsync();
        await using (var db = RealHost.Open(folder))
        {
            await db.WriteAsync(
                TenantScope.Installation,
                (context, token) =>
                    context.ProviderAccounts.ExecuteUpdateAsync(
                        set => set.SetProperty(account => account.KnownEmailId, "mail-1"),
                        token
                    ),
                CancellationToken.None
            );
        }

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() =>
            RealHost.StartAsync(
                folder,
                builder => builder.Services.AddSingleton(new StartPatience(TimeSpan.Zero)),
                keepFolder: true,
                [.. silent, "--Resend:ApiKey=re_two"]
            )
        );

        Assert.Contains("or with the key of before", refused.Message, StringComparison.Ordinal);
        // As it says.
        await using var again = await RealHost.StartAsync(
            folder,
            configure: null,
            keepFolder: false,
            [.. silent, "--Resend:ApiKey=re_one"]
        );
        await using var read = again.Get<PortalDb>().Read(TenantScope.None);
        Assert.Equal(1, await read.ProviderAccounts.CountAsync());
        Assert.Null((await read.Installation.SingleAsync()).Hold);
    }

    [Fact]
    public async Task Log_OfTheRealHost_IsAJsonFileInTheDataDirectory()
    {
        var folder = RealHost.NewFolder();
        string address;
        await using (var host = await RealHost.StartAsync(folder, configure: null, keepFolder: true))
        {
            address = host.Address;
        }

        var lines = RealHost.LogLines(folder).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var started = Assert.Single(
            lines,
            line =>
                line.GetProperty("MessageTemplate")
                    .GetString()!
                    .StartsWith("Ledgerpost started", StringComparison.Ordinal)
        );
        Assert.Equal(address, started.GetProperty("Properties").GetProperty("Address").GetString());
        Assert.All(
            lines,
            line => Assert.DoesNotContain("Executed DbCommand", line.ToString(), StringComparison.Ordinal)
        );
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Emulator_KeepsItsAddress_OverARestartOnTheSameFolder()
    {
        var folder = RealHost.NewFolder();
        string first;
        await using (var host = await RealHost.StartAsync(folder, configure: null, keepFolder: true))
        {
            first = host.Get<ProviderConnection>().Endpoint.BaseUrl;
        }

        await using var again = await RealHost.StartAsync(folder, configure: null, keepFolder: false);

        Assert.Equal(first, again.Get<ProviderConnection>().Endpoint.BaseUrl);
        Assert.Equal(again.Address + "/webhooks/resend", again.Get<EmbeddedEmulator>().Server!.Control.Webhook!.Url);
        await using var db = again.Get<PortalDb>().Read(TenantScope.None);
        Assert.Equal(first, (await db.ProviderAccounts.SingleAsync()).BaseUrl);
    }

    [Fact]
    public async Task FirstStart_InDevelopment_PrintsAnAccountThatWorks_AndADemoTenantThatItOwns()
    {
        await using var host = await RealHost.StartAsync(
            "--Bootstrap:Email=",
            "--Bootstrap:Password=",
            "--Demo:Seed=true"
        );

        var email = WordAfter(host.Output, "Sign in as");
        var password = WordAfter(host.Output, "Password");
        Assert.Contains($"Now listening on: {host.Address}", host.Output, StringComparison.Ordinal);
        using var browser = await host.SignedInAsync(email, password);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/t/demo")).StatusCode);
        await using var db = host.Get<PortalDb>().Read(TenantScope.Installation);
        Assert.Equal(312, await db.Contacts.CountAsync());
        Assert.Equal(TenantRole.Owner, (await db.Memberships.SingleAsync()).Role);
    }

    [Fact]
    public async Task Bootstrap_IsReadOnlyWhileThereIsNoOperator()
    {
        var folder = RealHost.NewFolder();
        await using (await RealHost.StartAsync(folder, configure: null, keepFolder: true)) { }

        await using var again = await RealHost.StartAsync(
            folder,
            configure: null,
            keepFolder: false,
            "--Bootstrap:Email=intruder@ledgerpost.test"
        );

        await using var db = again.Get<PortalDb>().Read(TenantScope.None);
        Assert.Equal(RealHost.Email, (await db.Users.SingleAsync(user => user.IsOperator)).Email);
    }

    [Fact]
    public async Task NoOperator_OutsideDevelopment_PrintsALinkThatWorksOnce()
    {
        await using var host = await RealHost.StartAsync(
            "--environment=Production",
            "--Bootstrap:Email=",
            "--Bootstrap:Password=",
            "--Portal:PublicUrl=https://mail.example.org",
            "--Resend:Mode=Emulator"
        );
        var path = "/" + WordAfter(host.Output, "https://mail.example.org/");
        // Cookies are for https only there, antiforgery's too, so the command is asked and not the form.
        var useLink = host.Get<UseSetUpLink>();
        var token = path.Split('/')[^1];
        var first = await useLink.ExecuteAsync(token, "ada@example.org", "Ada", RealHost.Password, null, default);
        var second = await useLink.ExecuteAsync(token, "ada@example.org", "Ada", RealHost.Password, null, default);

        Assert.IsType<SetUpResult.Done>(first);
        Assert.IsType<SetUpResult.LinkOver>(second);
        Assert.True(await host.Get<FirstOperator>().ExistsAsync(default));
        using var browser = host.Browser();
        Assert.Contains("This link is over", await browser.GetStringAsync(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_SurviveARestart_SoPeopleStaySignedIn()
    {
        var folder = RealHost.NewFolder();
        var cookie = "";
        await using (var host = await RealHost.StartAsync(folder, configure: null, keepFolder: true))
        {
            using var browser = host.Browser();
            var answer = await RealHost.PostSignInAsync(browser, RealHost.Email, RealHost.Password);
            cookie = answer
                .Headers.GetValues("Set-Cookie")
                .First(line => line.StartsWith("ledgerpost=", StringComparison.Ordinal))
                .Split(';')[0];
        }

        await using var again = await RealHost.StartAsync(folder, configure: null, keepFolder: false);
        using var same = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, again.Address + "/");
        request.Headers.Add("Cookie", cookie);

        Assert.Equal(HttpStatusCode.OK, (await same.SendAsync(request)).StatusCode);
    }

    private static string WordAfter(string text, string label) =>
        text[(text.IndexOf(label, StringComparison.Ordinal) + label.Length)..].TrimStart().Split('\n', ' ')[0];

    private static async Task<(int Code, string Error)> RunAsync(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "AdminPortal.dll"));
        start.ArgumentList.Add($"--contentRoot={RealHost.ContentRoot()}");
        start.ArgumentList.Add("--urls=http://127.0.0.1:0");
        foreach (var arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var error = process.StandardError.ReadToEndAsync(patience.Token);
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        await output;
        return (process.ExitCode, await error);
    }
}
