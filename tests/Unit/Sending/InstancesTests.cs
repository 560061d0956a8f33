using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using AdminPortal.Hosting;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>
/// Two real hosts on one PostgreSQL, each with a data directory of its own. The first has the emulator and the demo's
/// stopped campaign, whose rest is sent in calls of five so that it takes some seconds.
/// </summary>
public sealed class InstancesTests
{
    private static readonly string[] SmallCalls = ["--Sending:BatchSize=5"];

    [PostgreSqlFact]
    public async Task TwoInstances_BothSend_AndNobodyIsMailedTwice()
    {
        var (one, scope, partial) = await FirstAsync();
        await using var _ = one;
        await using var two = await SecondAsync(one, configure: null);
        // A cookie of the one is a cookie of the other: the key ring is in the database.
        using var browser = await one.SignedInAsync();
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(two.Address + "/")).StatusCode);
        Assert.Equal(HttpStatusCode.Found, (await two.Browser().GetAsync("/")).StatusCode);

        await ResumeAsync(two, scope, partial);
        await RealEngineTests.UntilAsync(one, scope, partial, campaign => campaign.Status == CampaignStatus.Sent);

        // Each writes its calls in its own log, before they go out; the provider saw all of them and no others.
        var calls = (await one.Get<EmbeddedEmulator>().Server!.Control.CallsAsync())
            .Select(call => call.IdempotencyKey)
            .ToHashSet();
        var ofOne = Keys(one, partial, run: 2);
        var ofTwo = Keys(two, partial, run: 2);
        Assert.True(ofOne.Count >= 5 && ofTwo.Count >= 5, $"One made {ofOne.Count} calls and two {ofTwo.Count}.");
        Assert.Empty(ofOne.Intersect(ofTwo));
        Assert.All(ofOne.Concat(ofTwo), key => Assert.Contains(key, calls));
        var state = await one.Get<EmbeddedEmulator>().Server!.Control.StateAsync();
        Assert.Equal((31 + 312, 0), (state.Mails, state.Duplicates));
    }

    [PostgreSqlFact]
    public async Task Page_OfAnInstanceThatOnlyListens_ShowsWhatTheOtherSends_AsItIsTold()
    {
        var (one, scope, partial) = await FirstAsync();
        await using var _ = one;
        // Nothing here sends, applies events or looks by itself: what this instance's pages learn, they were told.
        await using var listener = await SecondAsync(
            one,
            builder =>
            {
                builder.Services.AddSingleton(new RelayTiming(TimeSpan.FromHours(1)));
                builder.Host.UseServiceProviderFactory(
                    new Without(
                        typeof(SendingService),
                        typeof(EventService),
                        typeof(DoubtService),
                        typeof(ReconcileService)
                    )
                );
            }
        );
        var progress = listener.Get<CampaignProgress>();
        var before = (await progress.ExecuteAsync(scope, partial, CancellationToken.None))!.Counts.Accepted;
        var seen = new ConcurrentQueue<long>();
        using var done = new CancellationTokenSource();
        // As an open campaign page does: it reads one snapshot each time it is told.
        using var page = listener
            .Get<CampaignNotifier>()
            .Subscribe(
                partial,
                async () =>
                {
                    var now = (await progress.ExecuteAsync(scope, partial, CancellationToken.None))!;
                    seen.Enqueue(now.Counts.Accepted);
                    if (now.Campaign.Status == CampaignStatus.Sent)
                    {
                        await done.CancelAsync();
                    }
                }
            );

        await ResumeAsync(one, scope, partial);
        await Task.Delay(TimeSpan.FromSeconds(30), done.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        Assert.True(done.IsCancellationRequested, $"The end was not shown; the page was told {seen.Count} times.");
        Assert.True(
            seen.Distinct().Count(accepted => accepted > before && accepted < 312) >= 3,
            $"The way there was not shown: {string.Join(", ", seen)}."
        );
        Assert.Empty(Keys(listener, partial, run: 2));
    }

    private static async Task<(RealHost Host, TenantScope Scope, Guid Campaign)> FirstAsync()
    {
        var host = await RealHost.StartAsync(["--Demo:Seed=true", .. SmallCalls]);
        var (scope, partial) = await RealEngineTests.PartialAsync(host);
        return (host, scope, partial);
    }

    private static async Task<RealHost> SecondAsync(RealHost first, Action<WebApplicationBuilder>? configure) =>
        await RealHost.StartAsync(
            RealHost.NewFolder(),
            configure,
            keepFolder: false,
            [
                .. RealHost.OnPostgreSql(RealHost.ConnectionString(first.Folder)),
                "--Resend:Mode=Resend",
                $"--Resend:BaseUrl={first.Get<EmbeddedEmulator>().Server!.BaseUrl}",
                $"--Resend:ApiKey={EmbeddedEmulator.ApiKey}",
                .. SmallCalls,
            ]
        );

    private static async Task ResumeAsync(RealHost host, TenantScope scope, Guid campaign) =>
        Assert.IsType<ResumeResult.Resumed>(
            await host.Get<ResumeCampaign>()
                .ExecuteAsync(
                    Caller.System(scope.TenantId),
                    campaign,
                    new ResumeRequest(1, IncludeJoined: false),
                    CancellationToken.None
                )
        );

    /// <summary>Of the calls that this instance wrote in its log before it made them.</summary>
    private static HashSet<string> Keys(RealHost host, Guid campaign, int run) =>
        RealHost
            .LogLines(host.Folder)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line =>
                line.GetProperty("MessageTemplate").GetString()!.Contains("under key {Key}", StringComparison.Ordinal)
            )
            .Select(line => line.GetProperty("Properties").GetProperty("Key").GetString()!)
            .Where(key => key.Contains($"/{campaign:N}/{run}/", StringComparison.Ordinal))
            .ToHashSet(StringComparer.Ordinal);

    /// <summary>The host as it is, but for these of its services that run by themselves.</summary>
    private sealed class Without(params Type[] implementations) : IServiceProviderFactory<IServiceCollection>
    {
        public IServiceCollection CreateBuilder(IServiceCollection services) => services;

        public IServiceProvider CreateServiceProvider(IServiceCollection containerBuilder)
        {
            var left = containerBuilder.Where(service =>
                service.IsKeyedService || !implementations.Contains(service.ImplementationType)
            );
            IServiceCollection services = new ServiceCollection();
            foreach (var service in left)
            {
                services.Add(service);
            }

            return services.BuildServiceProvider();
        }
    }
}
