using UnitTests.Support;

namespace UnitTests.Simulation;

/// <summary>The provider: the installation's account, another that its key may be replaced by, and tenants' own.</summary>
internal sealed partial class SimWorld
{
    public List<SimTeam> Teams { get; } = [];

    /// <summary>The accounts that tenants have for themselves.</summary>
    public IEnumerable<SimTeam> OwnTeams => Teams.Skip(1).Where(team => team.Name != "other");

    /// <summary>The own accounts of which it surely stands in the database that they were left, and since which step.</summary>
    public Dictionary<Guid, long> LeftAccounts { get; } = [];

    /// <summary>By an API key; a key that nobody knows is the first account's to refuse.</summary>
    public SimTeam TeamOf(string? key) => Teams.Find(team => team.Keys.Contains(key)) ?? Teams[0];

    public static string OwnDomain(TestTenant tenant) => $"own.{tenant.Slug}.test";

    private void StartProvider()
    {
        var seed = Random.Next();
        Start(
            new SimTeam("house", WebhookSecret, SimTemplate.ApiKey, SimTemplate.SecondKey),
            "north.test",
            "south.test"
        );
        if (Plan is { KeyChanges: > 0, OwnAccounts: false })
        {
            Start(new SimTeam("other", WebhookSecret, SimTemplate.OtherTeamsKey), "north.test", "south.test");
        }

        if (Plan.OwnAccounts)
        {
            Start(new SimTeam("elm", "whsec_ZWxtLXNpbXVsYXRpb24tc2VjcmV0LTAx", "re_elm_one", "re_elm_two"));
            Start(new SimTeam("oak", "whsec_b2FrLXNpbXVsYXRpb24tc2VjcmV0LTAx", "re_oak_one", "re_oak_two"));
            Await(
                Provider,
                async () =>
                {
                    foreach (var team in OwnTeams)
                    {
                        await team.RegisterAsync(OwnDomain(Template.North));
                        await team.RegisterAsync(OwnDomain(Template.South));
                    }

                    return true;
                }
            );
        }

        void Start(SimTeam team, params string[] verified)
        {
            Teams.Add(team);
            Await(
                Provider,
                async () =>
                {
                    await team.StartAsync(this, seed + Teams.Count - 1, verified);
                    return true;
                }
            );
        }
    }

    /// <summary>Whatever the provider had against anybody is over.</summary>
    private void HealProvider()
    {
        foreach (var team in Teams)
        {
            team.Emulator.Faults.Set([]);
            team.Emulator.Control.Behaviour = team.Emulator.Control.Behaviour with { DailyQuota = 0 };
            team.Restore();
        }
    }

    /// <summary>The next crash comes soon, in the middle of what is being done now.</summary>
    public void CrashSoon()
    {
        if (Troubled)
        {
            _crashStep = Math.Min(_crashStep, Scheduler.Steps + Random.Next(1, 80));
        }
    }
}
