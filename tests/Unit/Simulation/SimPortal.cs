using Ledgerpost;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Webhooks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using UnitTests.Sending;

namespace UnitTests.Simulation;

/// <summary>
/// One process of the portal: the engine's real parts as the host puts them together, and its loops. It lives until it
/// crashes; another is started on the same file.
/// </summary>
internal sealed class SimPortal
{
    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly SimWorld _world;
    private readonly ServiceProvider _services;
    private readonly string _apiKey;

    public SimPortal(SimWorld world, int number, int slot)
    {
        _world = world;
        _apiKey = world.ApiKey;
        Number = number;
        Slot = slot;
        Context = new SimContext(world.Scheduler, $"portal {number}");
        var time = new EffectiveTime(
            new SimTime(world.Scheduler, Context, () => world.ClockError),
            new SendingOptions().KeyWindowMargin
        );
        Db = new PortalDb(
            $"Data Source={world.DatabaseFile}",
            time,
            world.Ids,
            UnitTests.Support.TestDatabase.AuditKeys,
            new Storage(world, this),
            scheduler: Context.Tasks
        )
        {
            IsShared = world.Plan.Instances > 1,
        };
        _services = Compose(time);
        Start(RunAsync);
    }

    public SimWorld World => _world;

    public int Number { get; }

    /// <summary>Its place among the instances; the next process there has the same data directory.</summary>
    public int Slot { get; }
    public SimContext Context { get; }
    public PortalDb Db { get; }

    /// <summary>The account is known and the loops turn.</summary>
    public bool Ready { get; private set; }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    private ServiceProvider Compose(EffectiveTime time)
    {
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(_ => LoggerFactory.Create(logs => logs.AddProvider(_world.Trace)));
        services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        services.AddSingleton(Db);
        services.AddSingleton(Db.Safety);
        services.AddSingleton(time);
        services.AddSingleton<TimeProvider>(time);
        services.AddSingleton(new StampFile(_world.StampPath(Slot)));
        services.AddSingleton<EnsureInstallation>();
        services.AddSingleton<IIds>(_world.Ids);
        services.AddSingleton(_world.Random);
        services.AddSingleton(_world.Relaxation.Options(Options()));
        services.AddSingleton(
            new ProviderEndpoint(ProviderMode.Resend, SimTemplate.BaseUrl, _apiKey, [SimWorld.WebhookSecret])
        );
        services.AddSingleton<CrashPoints>(new Crashes(_world, this));
        services.AddSending("https://portal.test");
        services.AddWebhooks();
        AddOwnAccounts(services);
        services.AddSingleton(new ResendHttp(new SimWire(_world, Number)) { Timeout = Timeout.InfiniteTimeSpan });
        services.AddSingleton<IMailProvider>(all =>
            _world.Relaxation.Provider(ActivatorUtilities.CreateInstance<ResendClient>(all), this)
        );
        return services.BuildServiceProvider();
    }

    private static void AddOwnAccounts(ServiceCollection services)
    {
        // The same after a crash: what one process has encrypted the next can read.
        services.AddSingleton(OwnAccountSteps.Secrets);
        services.AddSingleton<DomainSignal>();
        services.AddSingleton<DomainRegistration>();
        services.AddSingleton<RecheckDomains>();
        services.AddSingleton<AddSendingDomain>();
        services.AddSingleton<CheckSendingDomain>();
        services.AddSingleton<SetOwnKey>();
        services.AddSingleton<RemoveOwnKey>();
        services.AddSingleton<AddOwnWebhookSecret>();
        services.AddSingleton<IDomainProvider>(all => new ResendDomains(
            all.GetRequiredService<ResendHttp>(),
            all.GetRequiredService<ProviderEndpoint>,
            all.GetRequiredService<IOwnKeys>(),
            all.GetRequiredService<TimeProvider>()
        ));
    }

    private SendingOptions Options() =>
        new() { BatchSize = _world.Plan.BatchSize, MaxConcurrency = _world.Plan.Workers };

    /// <summary>What the host does, in its order (PortalStart, SendingService and its neighbours).</summary>
    private async Task RunAsync()
    {
        await Get<EnsureInstallation>().ExecuteAsync(Never);
        var old = Get<NoticeOldDatabase>();
        await old.ByStampAsync(Never);
        var accounts = Get<ProviderAccounts>();
        var before = await accounts.LastAsync(Never);
        var account = await accounts.EnsureAsync(SimTemplate.BaseUrl, _apiKey, Never, old.ByAccountAsync);
        if (_world.ApiKeyOfLastStart != _apiKey)
        {
            _world.ApiKeyOfLastStart = _apiKey;
            _world.Saw(before?.Id == account.Id ? SimDeed.KeyReplaced : SimDeed.AccountChanged);
        }

        var loops = Get<SendingLoops>();
        var clocks = Get<WatchClocks>();
        if (Db.IsShared)
        {
            Get<SendingSignal>().Raised += () => _world.Hint(this, other => other.Get<SendingSignal>().RaiseHere());
            Get<SendingSignal>().Own.Raised += () =>
                _world.Hint(this, other => other.Get<SendingSignal>().Own.RaiseHere());
            Get<WebhookSignal>().Raised += () => _world.Hint(this, other => other.Get<WebhookSignal>().RaiseHere());
        }

        Ready = true;
        // Each by itself: a service that fails stops its host.
        Start(() => WorkAsync(clocks, loops, old, account));
        Start(() => clocks.RunAsync(Never));
        Start(() => loops.RunDoubtAsync(Never));
        Start(() => Get<EventLoop>().RunAsync(Never));
        if (_world.Plan.Reconciles)
        {
            Start(() => Get<Reconciler>().RunAsync(Never));
        }

        if (_world.Plan.OwnAccounts)
        {
            Start(() => Get<RecheckDomains>().RunAsync(Never));
            if (_world.Plan.Reconciles)
            {
                Start(() => Get<OwnReconcilers>().RunAsync(Never));
            }
        }
    }

    private void Start(Func<Task> service) => Context.Start(service, Stopped);

    private void Stopped(Exception failed)
    {
        _world.Crash(this, $"the host stops: {failed.GetType().Name}");
        // What a disk does may stop a host. That it cannot even be put together, again and again, is a world in which
        // nothing happens and every seed passes.
        if (failed is InvalidOperationException and not ObjectDisposedException)
        {
            _world.Fail(failed);
        }
    }

    private async Task WorkAsync(WatchClocks clocks, SendingLoops loops, NoticeOldDatabase old, CurrentAccount account)
    {
        await clocks.CompareAsync(Never);
        await old.ByProviderAsync(Get<ProviderArchive>(), account, Never);
        await loops.RunWorkersAsync(Never, Never);
    }

    private sealed class Crashes(SimWorld world, SimPortal portal) : CrashPoints
    {
        // Not asynchronous itself: what it notes must be there for its caller.
        public override ValueTask ReachAsync(string point, CancellationToken cancellation)
        {
            if (point == CrashPoints.BeforeIntent)
            {
                world.IntentBegan.Value = world.Scheduler.Steps;
            }

            return ReachAsync(point);
        }

        private async ValueTask ReachAsync(string point)
        {
            // A machine that has a call in hand does not doze over its turn.
            world.Scheduler.Interesting();
            if (world.CrashAt == point)
            {
                world.CrashAt = null;
                world.Crash(portal, point);
                await new TaskCompletionSource().Task;
            }

            if (point == CrashPoints.BeforeSettle && world.Chance(world.Plan.Zombie))
            {
                await SleepAsync();
            }

            await world.Relaxation.ReachAsync(point, portal);
            // Others may run between any two steps.
            await Task.Yield();
        }

        /// <summary>One worker stands still and the others do not: its answer is old when it is written down.</summary>
        private async Task SleepAsync()
        {
            var awake = new TaskCompletionSource();
            world.Saw(SimDeed.WorkerAsleep);
            world.Scheduler.After(
                portal.Context,
                TimeSpan.FromSeconds(SimPlan.Pick(world.Random, 20, 125, 200, 400)),
                awake.SetResult
            );
            await awake.Task;
        }
    }

    private sealed class Storage(SimWorld world, SimPortal portal) : StorageFaults
    {
        public override void BeforeCommit() => Fail("before");

        public override void AfterCommit() => Fail("after");

        private void Fail(string when)
        {
            world.Scheduler.CheckThread();
            if (world.CrashAt == $"{when}-commit")
            {
                world.CrashAt = null;
                world.Crash(portal, $"{when} a commit");
            }
            else if (!portal.Ready || !world.Chance(world.Plan.StorageFault / 2))
            {
                return;
            }

            world.Saw(SimDeed.StorageFailed);
            world.Trace.Add($"storage fails {when} a commit");
            throw new IOException($"The storage failed {when} the commit.");
        }
    }
}
