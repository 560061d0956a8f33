using System.Net;
using System.Net.Sockets;
using Ledgerpost.OutgoingEvents;
using UnitTests.Support;

namespace UnitTests.OutgoingEvents;

/// <summary>What a tenant cannot have the server call.</summary>
public sealed class AddressTests
{
    private static readonly OutgoingEventOptions Public = new();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("10.0.0.1")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("100.64.0.1")]
    [InlineData("100.127.255.255")]
    [InlineData("169.254.169.254")]
    [InlineData("192.0.0.192")]
    [InlineData("192.0.2.7")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b:1::1")]
    [InlineData("100::1")]
    [InlineData("2001::1")]
    [InlineData("2001:db8::1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    public void Address_ThatIsNotPublic_IsRefused(string text) =>
        Assert.False(AddressRules.IsPublic(IPAddress.Parse(text)));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("223.255.255.1")]
    [InlineData("2606:4700::1111")]
    [InlineData("2a00:1450:4001::1")]
    [InlineData("::ffff:8.8.8.8")]
    public void Address_OfThePublicInternet_IsTaken(string text) =>
        Assert.True(AddressRules.IsPublic(IPAddress.Parse(text)));

    [Fact]
    public void Address_MappedIntoIPv6_IsJudgedAsWhatItIs()
    {
        var random = new Random(11);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[4];
            random.NextBytes(bytes);
            var address = new IPAddress(bytes);
            Assert.Equal(AddressRules.IsPublic(address), AddressRules.IsPublic(address.MapToIPv6()));
        }
    }

    [Theory]
    [InlineData("http://example.org/hooks")]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f.1/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://127.1/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::ffff:a9fe:a9fe]/")]
    [InlineData("https://[fe80::1%25eth0]/")]
    [InlineData("https://localhost/")]
    [InlineData("https://LOCALHOST./")]
    [InlineData("https://a.localhost/")]
    [InlineData("https://metadata.google.internal/")]
    [InlineData("https://printer.local/")]
    [InlineData("https://intranet/")]
    [InlineData("https://user:secret@example.org/")]
    [InlineData("https://example.org@127.0.0.1/")]
    [InlineData("https://example.org:22/")]
    [InlineData("https://example.org:25/")]
    [InlineData("https://example.org/#part")]
    [InlineData("https://example.org/\\\\evil")]
    [InlineData("https://exam ple.org/")]
    [InlineData("https://①②⑦.⓪.⓪.①/")]
    [InlineData("ftp://example.org/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://example.org/")]
    [InlineData("//example.org/")]
    [InlineData("/hooks")]
    [InlineData("")]
    [InlineData(null)]
    public void Url_ThatLeadsInside_OrIsNone_IsRefused(string? url) => Assert.NotNull(EndpointUrl.Problem(url, Public));

    [Theory]
    [InlineData("https://example.org/hooks?from=ledgerpost")]
    [InlineData("https://example.org:8443/hooks")]
    [InlineData("https://93.184.215.14/")]
    [InlineData("https://[2606:4700::1111]/")]
    public void Url_OfThePublicInternet_IsTaken(string url) => Assert.Null(EndpointUrl.Problem(url, Public));

    [Fact]
    public async Task Name_ThatLedOutsideAndLeadsInsideAtTheConnection_IsNotCalled()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var resolver = new TurningResolver(IPAddress.Parse("93.184.215.14"), IPAddress.Loopback);
        var url = $"https://hooks.example.org:{port}/";
        Assert.Null(EndpointUrl.Problem(url, Public));
        Assert.True(AddressRules.IsPublic((await resolver.ResolveAsync("hooks.example.org", default))[0]));
        using var http = new EventHttp(resolver, Public, TimeProvider.System);

        var answer = await http.PostAsync(url, "{}", new Dictionary<string, string>(), CancellationToken.None);

        Assert.Null(answer.Status);
        Assert.Contains("127.0.0.1", answer.Error, StringComparison.Ordinal);
        Assert.False(listener.Pending());
        Assert.Equal(2, resolver.Asked);
    }

    [Fact]
    public async Task Name_OfWhichOneAddressIsInside_IsNotCalledAtAll()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var resolver = new ManyResolver(IPAddress.Parse("::ffff:127.0.0.1"), IPAddress.Parse("192.0.2.1"));
        using var http = new EventHttp(resolver, Public, TimeProvider.System);

        var answer = await http.PostAsync(
            $"https://hooks.example.org:{port}/",
            "{}",
            new Dictionary<string, string>(),
            CancellationToken.None
        );

        Assert.Contains("private network", answer.Error, StringComparison.Ordinal);
        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task Address_SavedWhileItWasAllowed_IsNotCalledOnceItIsNot()
    {
        using var server = new HookServer();
        using var allowed = new EventHttp(new ManyResolver(), new OutgoingEventOptions(true), TimeProvider.System);
        using var forbidden = new EventHttp(new ManyResolver(), Public, TimeProvider.System);
        var none = new Dictionary<string, string>();

        Assert.Equal(200, (await allowed.PostAsync(server.Url, "{\"type\":\"a\"}", none, default)).Status);
        Assert.Null((await forbidden.PostAsync(server.Url, "{\"type\":\"a\"}", none, default)).Status);

        Assert.Single(server.Hooks);
    }

    [Fact]
    public async Task Answer_ThatNeverComes_IsNotWaitedForLongerThanFifteenSeconds()
    {
        var time = new ManualTime();
        using var server = new HookServer
        {
            Before = token => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token),
        };
        using var http = new EventHttp(new ManyResolver(), new OutgoingEventOptions(true), time);
        var call = http.PostAsync(server.Url, "{\"type\":\"a\"}", new Dictionary<string, string>(), default);
        while (server.Hooks.Count == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        time.Advance(TimeSpan.FromSeconds(14));
        Assert.False(call.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));

        var answer = await call;
        Assert.Equal(
            (null, "No answer within 15 seconds.", 15),
            (answer.Status, answer.Error, answer.Duration.TotalSeconds)
        );
    }

    private sealed class TurningResolver(params IPAddress[] answers) : IEventResolver
    {
        public int Asked { get; private set; }

        public Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellation) =>
            Task.FromResult<IReadOnlyList<IPAddress>>([answers[Asked++]]);
    }

    private sealed class ManyResolver(params IPAddress[] answers) : IEventResolver
    {
        public Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellation) =>
            Task.FromResult<IReadOnlyList<IPAddress>>(answers);
    }
}
