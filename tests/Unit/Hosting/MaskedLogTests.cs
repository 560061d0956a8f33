using AdminPortal.Hosting;
using Microsoft.Extensions.Configuration;
using UnitTests.Support;

namespace UnitTests.Hosting;

public sealed class MaskedLogTests
{
    [Theory]
    [InlineData("mail to ada.lovelace+x@example.org failed", "mail to [address] failed")]
    [InlineData("<ada@example.org>; \"grace@example.net\"", "<[address]>; \"[address]\"")]
    [InlineData("{\"to\":\"jörg@bücher.example\"}", "{\"to\":\"[address]\"}")]
    [InlineData("Authorization: Bearer lp_k3_9fJxyz01234567", "Authorization: Bearer [secret]")]
    [InlineData("key re_AbCd1234_efgh and whsec_MfKQ9r8GKYqrTw==", "key [secret] and [secret]")]
    [InlineData("lp_op_0123456789abcdef", "[secret]")]
    [InlineData("Host=db;Username=portal;Password=hunter2;Port=1", "Host=db;Username=portal;Password=[secret];Port=1")]
    [InlineData("GET /u/AbC-12_x.9 and /account/set-up/tok%2Den", "GET /u/[link] and /account/set-up/[link]")]
    [InlineData("GET /t/a/emails?to=ada%2Bx%40example.org&page=2", "GET /t/a/emails?to=[address]=2")]
    [InlineData("to ?returnUrl=%2Faccount%2Fjoin%2Ftok_en", "to ?returnUrl=%2Faccount%2Fjoin%2F[link]")]
    [InlineData("'u/tok' and account/reset/tok", "'u/[link]' and account/reset/[link]")]
    [InlineData("Chunk 7 of campaign 0198 goes on in 00:00:05.", "Chunk 7 of campaign 0198 goes on in 00:00:05.")]
    [InlineData("value {@Row} at 10:00 @ noon", "value {@Row} at 10:00 @ noon")]
    public void Text_KeepsWhatIsNobodysSecret(string text, string masked) => Assert.Equal(masked, MaskedLog.Mask(text));

    [Fact]
    public void Log_AsItIsDelivered_HasNoCanary_InMessagesPropertiesAndExceptions()
    {
        var folder = Directory.CreateTempSubdirectory("ledgerpost-log-").FullName;
        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(RealHost.ContentRoot(), "appsettings.json"))
            .Build();
        using (var log = PortalLogging.Create(configuration, folder))
        {
            log.Warning(
                new InvalidOperationException(
                    "Refused canary@example.org",
                    new InvalidDataException("with re_canary_0123456789")
                ),
                "Mail {Number} to {To} of {@Person} by {Path}",
                7,
                "canary@example.org",
                new
                {
                    Email = "canary@example.org",
                    Tags = new[] { "whsec_canary" },
                    Age = 36,
                },
                "/u/canary"
            );
            log.Information("written by hand: canary@example.org");
            log.ForContext("SourceContext", "Microsoft.AspNetCore.Routing").Information("not kept at this level");
        }

        var lines = RealHost.LogLines(folder);

        Assert.Equal(2, lines.Count);
        Assert.All(lines, line => Assert.DoesNotContain("canary", line, StringComparison.OrdinalIgnoreCase));
        Assert.Contains("Mail 7 to \\\"[address]\\\"", lines[0], StringComparison.Ordinal);
        Assert.Contains("System.InvalidOperationException: Refused [address]", lines[0], StringComparison.Ordinal);
        Assert.Contains("\"Age\":36", lines[0], StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }
}
