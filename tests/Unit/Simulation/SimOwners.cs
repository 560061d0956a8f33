using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Simulation;

/// <summary>
/// What owners do with provider accounts of their own: enter a key, another one of the same account or of another, take it away;
/// and what happens to these accounts at the provider. The seed decides, and whether the portal dies over it.
/// </summary>
internal sealed partial class SimOwners(SimWorld world)
{
    /// <summary>What stands before the @ of an address at a tenant's own account.</summary>
    private const string LocalPart = "own";
    private const string Refused = "refused";

    private static readonly CancellationToken None = CancellationToken.None;

    private readonly Random _random = world.Random;

    /// <summary>The key that was entered last, whatever became of that.</summary>
    private readonly Dictionary<Guid, string> _keys = [];

    /// <summary>How often somebody was about to enter a key: an account may be come back to.</summary>
    private readonly Dictionary<Guid, int> _entered = [];

    public void Begin()
    {
        if (!world.Plan.OwnAccounts)
        {
            return;
        }

        Begin(world.Template.North);
        if (_random.Next(3) == 0)
        {
            Begin(world.Template.South);
        }
    }

    /// <summary>Whom a new campaign is from: nearly always the sender at the own account, once there is one.</summary>
    public async Task<TestTenant> SenderAsync(SimPortal portal, TestTenant tenant)
    {
        if (!world.Plan.OwnAccounts || _random.Next(5) == 0)
        {
            return tenant;
        }

        await using var db = portal.Db.Read(tenant.Scope);
        var own = await db
            .SenderIdentities.Where(sender => sender.LocalPart == LocalPart)
            .Select(sender => (Guid?)sender.Id)
            .SingleOrDefaultAsync();
        return own is { } id ? tenant with { SenderId = id } : tenant;
    }

    /// <summary>At this moment an owner leaves for another account.</summary>
    public async Task ChangeNowAsync(SimPortal portal)
    {
        var tenant = world.Template.North;
        if (await CurrentAsync(portal, tenant) is not null && world.Chance(0.3))
        {
            var key = AnyKey();
            world.Trace.Add($"{tenant.Slug} enters the key {key}: {await EnterAsync(portal, tenant, key)}");
        }
    }

    private void Begin(TestTenant tenant)
    {
        // Before the first campaign as a rule, and else in the middle of it.
        Enter(tenant, AnyKey(), _random.Next(4) > 0 ? TimeSpan.Zero : SimNature.Moment(world));
        for (var i = _random.Next(1, 6); i > 0; i--)
        {
            // Many while the first mails go out, where there is most to be in doubt about.
            var at = _random.Next(2) == 0 ? TimeSpan.FromSeconds(_random.Next(18, 40)) : SimNature.Moment(world);
            world.Later(at, () => Act(tenant));
        }
    }

    private void Act(TestTenant tenant)
    {
        if (!world.Troubled || world.Portal is not { Ready: true })
        {
            return;
        }

        if (_random.Next(4) == 0)
        {
            world.CrashSoon();
        }

        var team = world.TeamOf(_keys.GetValueOrDefault(tenant.Id));
        switch (_random.Next(14))
        {
            case < 3:
                Enter(tenant, SimPlan.Pick(_random, [.. team.Keys]), TimeSpan.Zero);
                break;
            case < 8:
                Enter(tenant, AnyKey(), TimeSpan.Zero);
                break;
            // An older database could have forgotten that its domain stands in the installation's account, verified: there it
            // is nobody's to take over then, and nobody could finish.
            case 8 when world.Plan.Restores == 0:
                Remove(tenant);
                break;
            case 9:
                Enter(tenant, SimTemplate.SecondKey, TimeSpan.Zero);
                break;
            case < 12:
                Revoke(team, _keys.GetValueOrDefault(tenant.Id, ""));
                break;
            default:
                Lose(tenant);
                break;
        }
    }

    private string AnyKey() => SimPlan.Pick(_random, [.. world.OwnTeams.SelectMany(team => team.Keys)]);

    /// <summary>As an owner does on the page: whoever saw an error, or a page that went away, enters it again.</summary>
    private void Enter(TestTenant tenant, string key, TimeSpan at)
    {
        var (tries, answered) = (0, false);
        Try(at);

        void Try(TimeSpan wait) =>
            world.Later(
                wait,
                () =>
                {
                    if (answered || !world.Troubled)
                    {
                        return;
                    }

                    world.Do(
                        $"{tenant.Slug} enters the key {key}",
                        async portal =>
                        {
                            var result = await EnterAsync(portal, tenant, key);
                            answered = true;
                            await SetUpAsync(portal, tenant, key, taken: result != Refused);
                            return result;
                        }
                    );
                    if (++tries < 3)
                    {
                        Try(TimeSpan.FromSeconds(_random.Next(5, 60)));
                    }
                }
            );
    }

    private async Task<string> EnterAsync(SimPortal portal, TestTenant tenant, string key)
    {
        var team = world.TeamOf(key);
        if (world.OwnTeams.Contains(team))
        {
            _keys[tenant.Id] = key;
            team.Tenants.Remove(tenant);
            team.Tenants.Add(tenant);
        }

        var turn = _entered[tenant.Id] = _entered.GetValueOrDefault(tenant.Id) + 1;
        var before = await CurrentAsync(portal, tenant);
        foreach (var account in await AccountsAsync(portal, tenant))
        {
            world.LeftAccounts.Remove(account);
        }

        var result = await portal.Get<SetOwnKey>().ExecuteAsync(tenant.As(TenantRole.Owner), key, None);
        if (result is OwnAccountOutcome.Saved { Proof: KeyProof.AnotherAccount })
        {
            Left(tenant, before, turn);
        }

        var deed = result switch
        {
            OwnAccountOutcome.Saved { Proof: KeyProof.SameAccount } => SimDeed.OwnKeyReplaced,
            OwnAccountOutcome.Saved { Proof: KeyProof.AnotherAccount } => SimDeed.OwnAccountChanged,
            OwnAccountOutcome.Saved => SimDeed.OwnKeyEntered,
            _ => SimDeed.OwnKeyRefused,
        };
        return world.Note(result is OwnAccountOutcome.Saved ? result : Refused, true, deed);
    }

    /// <summary>A domain and a sender there, and its signing secret; whatever of it is missing.</summary>
    /// <param name="taken">Else another account's is current still, and nobody gives it this one's secret.</param>
    private async Task SetUpAsync(SimPortal portal, TestTenant tenant, string key, bool taken)
    {
        if (await CurrentAsync(portal, tenant) is null)
        {
            return;
        }

        if (_random.Next(5) > 0 && taken)
        {
            var secret = world.TeamOf(key).WebhookSecret;
            await portal.Get<AddOwnWebhookSecret>().ExecuteAsync(tenant.As(TenantRole.Owner), secret, None);
        }

        if (await DomainAsync(portal, tenant) is null)
        {
            await portal
                .Get<AddSendingDomain>()
                .ExecuteAsync(tenant.As(TenantRole.Owner), SimWorld.OwnDomain(tenant), "us-east-1", None);
        }

        if (await DomainAsync(portal, tenant) is { } domain)
        {
            await new AddSender(portal.Db).ExecuteAsync(
                tenant.As(TenantRole.Admin),
                new SenderInput(domain, LocalPart, null, null),
                None
            );
        }
    }

    private void Remove(TestTenant tenant)
    {
        var turn = _entered[tenant.Id] = _entered.GetValueOrDefault(tenant.Id) + 1;
        world.Do(
            $"{tenant.Slug} takes its key away",
            async portal =>
            {
                var before = await CurrentAsync(portal, tenant);
                var result = await portal.Get<RemoveOwnKey>().ExecuteAsync(tenant.As(TenantRole.Owner), None);
                if (result is OwnAccountOutcome.Removed)
                {
                    Left(tenant, before, turn);
                }

                return world.Note(result, result is OwnAccountOutcome.Removed, SimDeed.OwnKeyRemoved);
            }
        );
    }

    private void Left(TestTenant tenant, Guid? account, int turn)
    {
        if (account is { } left && _entered[tenant.Id] == turn)
        {
            world.LeftAccounts.TryAdd(left, world.Scheduler.Steps);
        }
    }

    private static async Task<Guid?> DomainAsync(SimPortal portal, TestTenant tenant)
    {
        await using var db = portal.Db.Read(tenant.Scope);
        var name = SimWorld.OwnDomain(tenant);
        return await db
            .SendingDomains.Where(row => row.Name == name)
            .Select(row => (Guid?)row.Id)
            .SingleOrDefaultAsync();
    }

    private static async Task<Guid?> CurrentAsync(SimPortal portal, TestTenant tenant)
    {
        await using var db = portal.Db.Read(tenant.Scope);
        return await db
            .OwnAccounts.Where(row => row.IsCurrent)
            .Select(row => (Guid?)row.AccountId)
            .SingleOrDefaultAsync();
    }

    private static async Task<List<Guid>> AccountsAsync(SimPortal portal, TestTenant tenant)
    {
        await using var db = portal.Db.Read(tenant.Scope);
        return await db.OwnAccounts.Select(row => row.AccountId).ToListAsync();
    }
}
