using ResendEmulator.Protocol;

namespace UnitTests.Simulation;

/// <summary>What kind of world a seed makes: which troubles it knows, and how often they come. All drawn at the start.</summary>
internal sealed class SimPlan
{
    public SimPlan(Random random)
    {
        Size = Pick(
            random,
            SimSize.Tiny,
            SimSize.Tiny,
            SimSize.Tiny,
            SimSize.Tiny,
            SimSize.Tiny,
            SimSize.Small,
            SimSize.Small,
            SimSize.Large
        );
        LostRequest = Pick(random, 0, 0, 0.05, 0.25);
        LostAnswer = Pick(random, 0, 0.05, 0.15, 0.3);
        SlowWire = Pick(random, 0, 0, 0.05, 0.2);
        ProviderFault = Pick(random, 0, 0.05, 0.15, 0.35);
        StorageFault = Pick(random, 0, 0, 0, 0.01, 0.03);
        Stall = Pick(random, 0, 0, 0.001, 0.004);
        Zombie = Pick(random, 0, 0, 0.02, 0.15);
        Leavers = Pick(random, 0, 0, 1, 4);
        KeyChanges = Pick(random, 0, 0, 0, 0, 0, 0, 1, 2);
        DomainLosses = Pick(random, 0, 0, 0, 0, 0, 1);
        Restores = Pick(random, 0, 0, 0, 0, 0, 0, 0, 1);
        Reconciles = Pick(random, false, false, true);
        Crashes = Pick(random, 0, 0, 1, 2, 4);
        CrashSteps = Pick(random, 40, 150, 600);
        ClockJumps = Pick(random, 0, 0, 0, 2);
        Acts = Pick(random, 0, 2, 6, 12);
        Outages = Pick(random, 0, 0, 1, 2);
        Events = Pick(random, 0, 0, 0.15, 0.4);
        BatchSize = Size switch
        {
            SimSize.Tiny => Pick(random, 1, 2, 3, 3, 6),
            SimSize.Small => Pick(random, 2, 3, 5, 10),
            _ => Pick(random, 3, 6, 10, 25),
        };
        Workers = Pick(random, 1, 2, 2, 3);
        Horizon = TimeSpan.FromHours(Pick(random, 0.2, 1, 4, 26, 50));
        DullNaps = Pick(random, 1, 1, 2, 6);
        Provider = new Behaviour
        {
            RateLimitPerSecond = Pick(random, 0, 2, 10),
            DailyQuota = Pick(random, 0, 0, 0, 0, 40),
            RefuseExampleRecipients = Pick(random, true, false),
            KeyAfterFailure = Pick(
                random,
                KeyAfterFailure.Release,
                KeyAfterFailure.Release,
                KeyAfterFailure.Cache4xx,
                KeyAfterFailure.Cache4xxAnd5xx
            ),
            OutcomeAfter = TimeSpan.FromSeconds(Pick(random, 1, 60, 3600)),
        };
        Emails = Pick(random, 0, 0, 1, 3);
    }

    public SimSize Size { get; set; }

    /// <summary>Shares of the calls, 0 to 1.</summary>
    public double LostRequest { get; set; }
    public double LostAnswer { get; set; }
    public double SlowWire { get; set; }
    public double ProviderFault { get; set; }

    /// <summary>Share of the commits that fail or are not confirmed.</summary>
    public double StorageFault { get; set; }

    /// <summary>Share of the continuations that the process is stopped before.</summary>
    public double Stall { get; set; }

    /// <summary>Share of the answers over which their worker falls asleep, as a rule past its lease.</summary>
    public double Zombie { get; set; }

    /// <summary>How many unsubscribe in the minutes in which the first mails go out.</summary>
    public int Leavers { get; set; }

    /// <summary>How many transactional mails a program posts, each as often as it takes to get an answer.</summary>
    public int Emails { get; set; }

    /// <summary>Somebody schedules a campaign.</summary>
    public bool Schedules { get; set; }

    /// <summary>Tenants enter, replace and remove keys of provider accounts of their own.</summary>
    public bool OwnAccounts { get; set; }

    /// <summary>How often the portal is started again with another API key, of the same account or of another.</summary>
    public int KeyChanges { get; set; }

    /// <summary>How often a tenant's domain loses its verification for a while.</summary>
    public int DomainLosses { get; set; }

    /// <summary>How often an older copy of the database comes back.</summary>
    public int Restores { get; set; }

    /// <summary>The provider is asked what became of what is unknown.</summary>
    public bool Reconciles { get; set; }

    public int Crashes { get; set; }

    /// <summary>About so many continuations until the next crash.</summary>
    public int CrashSteps { get; set; }

    public int ClockJumps { get; set; }

    /// <summary>What people do, over the whole time.</summary>
    public int Acts { get; set; }

    /// <summary>Times in which the provider takes nothing, or answers nothing.</summary>
    public int Outages { get; set; }

    /// <summary>Share of the provider's events that come in at all.</summary>
    public double Events { get; set; }

    public int BatchSize { get; set; }
    public int Workers { get; set; }

    /// <summary>Processes on the one database.</summary>
    public int Instances { get; set; } = 1;

    /// <summary>How long the troubles last.</summary>
    public TimeSpan Horizon { get; set; }

    /// <summary>How soon time takes larger steps where nothing happens.</summary>
    public int DullNaps { get; set; }

    public Behaviour Provider { get; set; }

    public static T Pick<T>(Random random, params ReadOnlySpan<T> from) => from[random.Next(from.Length)];

    public override string ToString() =>
        FormattableString.Invariant(
            $"{Size}, horizon {Horizon}, batch {BatchSize}, workers {Workers}, instances {Instances}, crashes {Crashes} each ~{CrashSteps} steps, lost requests {LostRequest} answers {LostAnswer}, slow {SlowWire}, provider faults {ProviderFault}, storage faults {StorageFault}, stalls {Stall}, zombies {Zombie}, leavers {Leavers}, emails {Emails}, schedules {Schedules}, own accounts {OwnAccounts}, key changes {KeyChanges}, domain losses {DomainLosses}, restores {Restores}, reconciles {Reconciles}, clock jumps {ClockJumps}, acts {Acts}, outages {Outages}, events {Events}, rate {Provider.RateLimitPerSecond}, quota {Provider.DailyQuota}, key after failure {Provider.KeyAfterFailure}, refuses example.com {Provider.RefuseExampleRecipients}"
        );
}
