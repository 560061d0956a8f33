using AdminPortal.Hosting;
using Ledgerpost.Sending.Provider;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace UnitTests.Hosting;

public sealed class SettingsReaderTests
{
    [Fact]
    public void Defaults_InDevelopment_AreThoseOfTheContract()
    {
        var settings = Valid("Development");

        Assert.Equal(Path.GetFullPath("/tmp/somewhere"), settings.Portal.DataDirectory);
        Assert.Equal("Data Source=/tmp/somewhere/portal.db", settings.Portal.ConnectionString);
        Assert.Equal("http://localhost:5080", settings.Portal.PublicUrl);
        Assert.True(settings.Portal.SeedDemo);
        Assert.Equal(ProviderMode.Emulator, settings.Resend.Mode);
        Assert.Null(settings.Resend.BaseUrl);
        Assert.Equal(8, settings.Sending.MaxConcurrency);
        Assert.Equal(32, settings.Sending.OwnAccountsConcurrency);
        Assert.Equal(TimeSpan.FromMinutes(10), settings.Sending.Patience);
        Assert.Equal(120, settings.Sending.LeaseSeconds);
        Assert.Equal(TimeSpan.FromHours(24), settings.Sending.KeyWindow);
        Assert.Equal(TimeSpan.FromHours(4), settings.Sending.KeyWindowMargin);
    }

    [Fact]
    public void Defaults_InProduction_SendThroughTheRealProviderAndSeedNothing()
    {
        var settings = Valid(
            "Production",
            ("Portal:PublicUrl", "https://mail.example.org/"),
            ("Resend:ApiKey", "re_1"),
            ("Resend:WebhookSecret", "whsec_c2VjcmV0, whsec_b2xkZXI=")
        );

        Assert.Equal(ProviderMode.Resend, settings.Resend.Mode);
        Assert.Equal("https://api.resend.com", settings.Resend.BaseUrl);
        Assert.Equal("https://mail.example.org", settings.Portal.PublicUrl);
        Assert.Equal(["whsec_c2VjcmV0", "whsec_b2xkZXI="], SettingsReader.Secrets(settings.Resend));
        Assert.False(settings.Portal.SeedDemo);
    }

    [Fact]
    public void EveryKeyWrong_IsListedOnceEach_InOneMessage()
    {
        var problems = Problems(
            "Production",
            ("ConnectionStrings:Portal", "Nonsense=1"),
            ("Database:Provider", "Oracle"),
            ("Portal:PublicUrl", "mail.example.org"),
            ("Resend:Mode", "Pretend"),
            ("Resend:BaseUrl", "ftp://example.org"),
            ("Resend:WebhookSecret", "whsec_###"),
            ("Sending:MaxConcurrency", "0"),
            ("Sending:OwnAccountsConcurrency", "1"),
            ("Sending:Patience", "soon"),
            ("Sending:LeaseSeconds", "99"),
            ("Sending:KeyWindow", "25:00:00"),
            ("Sending:KeyWindowMargin", "00:01:00"),
            ("Bootstrap:Email", "nobody"),
            ("Bootstrap:Password", "short"),
            ("Bootstrap:OperatorApiKey", "lp_op_short"),
            ("Demo:Seed", "perhaps")
        );

        string[] keys =
        [
            "Bootstrap:Email",
            "Bootstrap:OperatorApiKey",
            "Bootstrap:Password",
            "ConnectionStrings:Portal",
            "Database:Provider",
            "Demo:Seed",
            "Portal:PublicUrl",
            "Resend:ApiKey",
            "Resend:BaseUrl",
            "Resend:Mode",
            "Resend:WebhookSecret",
            "Sending:KeyWindow",
            "Sending:KeyWindowMargin",
            "Sending:LeaseSeconds",
            "Sending:MaxConcurrency",
            "Sending:OwnAccountsConcurrency",
            "Sending:Patience",
        ];
        Assert.Equal(keys, problems.Select(problem => problem.Split(' ')[0]).Distinct());
    }

    [Fact]
    public void Production_WithoutAnything_NamesWhatIsMissing()
    {
        var problems = Problems("Production");

        Assert.Equal(
            ["Portal:PublicUrl", "Resend:ApiKey", "Resend:WebhookSecret"],
            problems.Select(problem => problem.Split(' ')[0])
        );
    }

    [Fact]
    public void EmulatorWithABaseUrl_IsAProblem()
    {
        var problem = Assert.Single(Problems("Development", ("Resend:BaseUrl", "http://localhost:9")));

        Assert.StartsWith("Resend:BaseUrl is set while Resend:Mode is Emulator", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Emulator_InProduction_OnlyWhenNamed()
    {
        var settings = Valid("Production", ("Portal:PublicUrl", "https://x.test"), ("Resend:Mode", "Emulator"));

        Assert.Equal(ProviderMode.Emulator, settings.Resend.Mode);
    }

    [Theory]
    [InlineData("Sending:Patiense", "Did you mean Sending:Patience?")]
    [InlineData("Portal:PublicURI", "Did you mean Portal:PublicUrl?")]
    [InlineData("Webhooks:EventPerDay", "Did you mean Webhooks:EventsPerDay?")]
    [InlineData("OutgoingEvents:AllowPrivateAdresses", "Did you mean OutgoingEvents:AllowPrivateAddresses?")]
    public void MisspeltKey_IsAProblemThatSuggestsTheRightOne(string key, string suggestion)
    {
        var problem = Assert.Single(Problems("Development", (key, "1")));

        Assert.Equal($"{key} is not a setting of Ledgerpost. {suggestion}", problem);
    }

    [Fact]
    public void ForeignKey_IsAProblemWithoutASuggestion()
    {
        Assert.Equal(
            "Portal:Colour:Background is not a setting of Ledgerpost.",
            Assert.Single(Problems("Development", ("Portal:Colour:Background", "blue")))
        );
    }

    [Fact]
    public void MarginAsLongAsTheWindow_IsAProblem()
    {
        var problem = Assert.Single(
            Problems("Development", ("Sending:KeyWindow", "02:00:00"), ("Sending:KeyWindowMargin", "02:00:00"))
        );

        Assert.StartsWith("Sending:KeyWindowMargin", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://localhost:6000", "http://localhost:6000")]
    [InlineData("http://*:6000;https://*:6001", "http://localhost:6000")]
    [InlineData("http://127.0.0.1:0", "http://localhost:5080")]
    public void PublicUrl_FollowsTheListeningAddress_UnlessItIsSet(string urls, string expected)
    {
        Assert.Equal(expected, Valid("Development", ("urls", urls)).Portal.PublicUrl);
        Assert.Equal(
            "https://mine.test",
            Valid("Development", ("urls", urls), ("Portal:PublicUrl", "https://mine.test")).Portal.PublicUrl
        );
    }

    private static PortalSettings Valid(string environment, params (string Key, string Value)[] values) =>
        Read(environment, values) is SettingsReading.Valid valid
            ? valid.Settings
            : throw new InvalidOperationException(string.Join('\n', Problems(environment, values)));

    private static IReadOnlyList<string> Problems(string environment, params (string Key, string Value)[] values) =>
        Assert.IsType<SettingsReading.Invalid>(Read(environment, values)).Problems;

    private static SettingsReading Read(string environment, (string Key, string Value)[] values) =>
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
