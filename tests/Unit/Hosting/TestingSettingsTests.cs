using AdminPortal.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace UnitTests.Hosting;

/// <summary>The settings that kill the process on purpose: absent by themselves, and refused where mail is real.</summary>
public sealed class TestingSettingsTests
{
    [Fact]
    public void Nothing_Set_ArmsNothing()
    {
        var settings = Assert.IsType<SettingsReading.Valid>(Read("Development")).Settings;

        Assert.False(settings.Testing.IsArmed);
        Assert.Equal(120, settings.Sending.LeaseSeconds);
    }

    [Fact]
    public void Point_WithAPassing_IsArmed()
    {
        var settings = Assert
            .IsType<SettingsReading.Valid>(
                Read(
                    "Force",
                    ("Testing:CrashAt", "after-intent#3"),
                    ("Testing:StopAt", "before-settle@12#2"),
                    ("Testing:LeaseSeconds", "3"),
                    ("Resend:ApiKey", "re_1")
                )
            )
            .Settings;

        Assert.Equal(new ArmedPoint("after-intent", 3), settings.Testing.CrashAt);
        Assert.Equal(new ArmedPoint("before-settle", 2, 12), settings.Testing.StopAt);
        Assert.Equal(3, settings.Sending.LeaseSeconds);
    }

    [Theory]
    [InlineData("after-lunch")]
    [InlineData("after-intent#0")]
    [InlineData("after-intent#1#2")]
    [InlineData("after-intent@0")]
    [InlineData("after-intent@twelve")]
    [InlineData("after-intent#2@12")]
    public void Point_ThatIsNone_IsAProblem(string point)
    {
        var problem = Assert.Single(
            Assert.IsType<SettingsReading.Invalid>(Read("Development", ("Testing:CrashAt", point))).Problems
        );

        Assert.StartsWith("Testing:CrashAt", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Testing:CrashAt", "after-intent")]
    [InlineData("Testing:StopAt", "after-intent")]
    [InlineData("Testing:LeaseSeconds", "3")]
    public void InProduction_IsRefused_UnlessItIsAskedForByName(string key, string value)
    {
        (string, string)[] production =
        [
            ("Portal:PublicUrl", "https://mail.example.org"),
            ("Resend:ApiKey", "re_1"),
            ("Resend:WebhookSecret", "whsec_c2VjcmV0"),
            (key, value),
        ];

        var problem = Assert.Single(Assert.IsType<SettingsReading.Invalid>(Read("Production", production)).Problems);

        Assert.StartsWith("Testing:InProduction", problem, StringComparison.Ordinal);
        Assert.IsType<SettingsReading.Valid>(Read("Production", [.. production, ("Testing:InProduction", "true")]));
    }

    private static SettingsReading Read(string environment, params (string Key, string Value)[] values) =>
        new SettingsReader(
            new ConfigurationBuilder()
                .AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)))
                .Build(),
            new Surroundings(environment)
        ).Read("/tmp/somewhere");

    private sealed class Surroundings(string name) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;
        public string ApplicationName { get; set; } = "AdminPortal";
        public string ContentRootPath { get; set; } = "/";
        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
