using System.Net.Http.Headers;
using System.Text;
using AdminPortal;
using AdminPortal.Hosting;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.Extensions.Logging;
using UnitTests.Api;
using UnitTests.Support;

namespace UnitTests.Isolation;

/// <summary>
/// People's addresses, passwords, keys, secrets and links, typed wherever they are typed, with a log that keeps every line that
/// anything says: none of them stands in it. Before the mask they do, or the test would prove nothing.
/// </summary>
public sealed class TypedSecretsTests
{
    private const string Password = "typed-canary-password-7351";
    private const string Address = "typed.canary+7351@example.net";
    private const string Key = "lp_typedcanary_7351_abcdefghijklmnop";
    private const string Token = "typedcanarytoken7351";

    [Fact]
    public async Task WhateverIsTyped_IsInNoLineOfTheLog_AtItsLowestLevel()
    {
        var folder = RealHost.NewFolder();
        var heard = new HeardLog();
        string[] secrets;
        await using (
            var api = await ApiHost.StartAsync(
                folder,
                keepFolder: true,
                "--Logging:LogLevel:Default=Trace",
                "--Serilog:MinimumLevel:Default=Verbose",
                "--Serilog:MinimumLevel:Override:Microsoft=Verbose",
                "--Serilog:MinimumLevel:Override:System=Verbose",
                $"--Portal:MailFrom=Portal <portal@{DemoSeed.Domain}>"
            )
        )
        {
            api.Host.Get<ILoggerFactory>().AddProvider(heard);
            var key = await api.KeyAsync(api.North);
            using var program = api.Client(key);
            await TypeAsync(api, program);
            secrets = ["typed.canary", "typedcanary", "typed-canary", key, EmbeddedEmulator.ApiKey, "owner@north.test"];
        }

        var lines = RealHost.LogLines(folder);

        Assert.True(lines.Count > 200, $"Only {lines.Count} lines were kept.");
        Assert.Contains(heard.Lines, line => line.Contains(Token, StringComparison.Ordinal));
        var told = lines
            .Where(line => secrets.Any(secret => line.Contains(secret, StringComparison.OrdinalIgnoreCase)))
            .ToList();
        Assert.True(told.Count == 0, $"{told.Count} lines tell, among them:\n{string.Join('\n', told.Take(5))}");
        Directory.Delete(folder, recursive: true);
    }

    private static async Task TypeAsync(ApiHost api, HttpClient program)
    {
        using var browser = api.Host.Browser();
        await RealHost.PostSignInAsync(browser, Address, Password);
        await RealHost.PostSignInAsync(browser, "owner@north.test", Password);
        foreach (
            var link in new[]
            {
                PortalUrls.SetUp(Token),
                PortalUrls.Reset(Token),
                PortalUrls.Join(Token),
                PortalUrls.Unsubscribe(Token),
            }
        )
        {
            await browser.GetAsync(link);
        }

        using var signedIn = await api.Host.SignedInAsync("owner@north.test");
        await signedIn.GetAsync($"/t/north/contacts?q={Uri.EscapeDataString(Address)}");
        await signedIn.GetAsync($"/t/north/emails?to={Uri.EscapeDataString(Address)}");
        await signedIn.GetAsync(PortalUrls.SignInAndReturn(PortalUrls.Join(Token)));
        await program.GetAsync($"contacts?email={Uri.EscapeDataString(Address)}");
        await program.GetAsync($"contacts?email={Address}");
        await program.CreateAsync("contacts", new { email = Address, first_name = "typedcanary" });
        await program.CreateAsync("suppressions", new { email = Address, reason = "manual" });
        var sender = await api.AddSenderAsync();
        await program.CreateAsync(
            "emails",
            new
            {
                to = "typed.canary.mail@example.net",
                subject = "typedcanary",
                text = "typedcanary",
                sender_id = sender,
            },
            "typedcanary"
        );
        using var stranger = api.Client(Key);
        await stranger.GetAsync("contacts");
        using var file = new ByteArrayContent(Encoding.UTF8.GetBytes($"email\n{Address}\ntyped.canary@broken@\n"));
        file.Headers.ContentType = new MediaTypeHeaderValue("text/csv");
        using var form = new MultipartFormDataContent { { file, "file", "people.csv" } };
        await program.CreateAsync("contacts/imports", form);
        await api
            .Host.Get<AddMember>()
            .ExecuteAsync(api.North.Caller, Address, TenantRole.Editor, CancellationToken.None);
        while ((await api.Host.Get<EmbeddedEmulator>().Server!.Control.StateAsync()).Mails < 2)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }
    }
}
