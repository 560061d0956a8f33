using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Simulation;

/// <summary>What becomes of own accounts at the provider: a key is revoked, a domain loses its verification, and both come back.</summary>
internal sealed partial class SimOwners
{
    /// <summary>The provider verifies every domain, and somebody has looked.</summary>
    public void VerifyDomains()
    {
        if (!world.Plan.OwnAccounts)
        {
            return;
        }

        for (var look = 0; look < 4; look++)
        {
            SetAtProvider(world.Template.North, DomainStatus.Verified);
            SetAtProvider(world.Template.South, DomainStatus.Verified);
            var open = world.Look(db =>
                db.SendingDomains.Where(row => row.Status != DomainStatus.Verified && row.Name.StartsWith("own."))
                    .OrderBy(row => row.Name)
                    .Select(row => row.TenantId)
                    .ToListAsync()
            );
            if (open.Count == 0)
            {
                return;
            }

            open.ForEach(tenant => LookAt(world.TenantOf(tenant)));

            world.Turn(() => false, TimeSpan.FromMinutes(1));
        }
    }

    private void Revoke(SimTeam team, string key)
    {
        if (!team.Knows(key) || !world.OwnTeams.Contains(team))
        {
            return;
        }

        team.Revoke(key);
        world.Saw(SimDeed.OwnKeyRevoked);
        world.Trace.Add($"the key {key} is revoked at the provider");
        world.Later(SimNature.Moment(world), team.Restore);
    }

    private void Lose(TestTenant tenant)
    {
        SetAtProvider(tenant, DomainStatus.Failed);
        LookAt(tenant);
        world.Saw(SimDeed.OwnDomainLost);
        world.Later(
            SimNature.Moment(world),
            () =>
            {
                SetAtProvider(tenant, DomainStatus.Verified);
                LookAt(tenant);
            }
        );
    }

    private void SetAtProvider(TestTenant tenant, DomainStatus status)
    {
        world.Trace.Add($"the domain {SimWorld.OwnDomain(tenant)} is {status} at the provider");
        world.Provider.Start(
            async () =>
            {
                foreach (var team in world.OwnTeams)
                {
                    await team.SetDomainAsync(SimWorld.OwnDomain(tenant), status);
                }
            },
            world.Fail
        );
    }

    private void LookAt(TestTenant tenant) =>
        world.Do(
            $"{tenant.Slug} looks at its domain",
            async portal =>
                await DomainAsync(portal, tenant) is { } domain
                    ? $"{await portal.Get<CheckSendingDomain>().ExecuteAsync(tenant.As(TenantRole.Admin), domain, None)}"
                    : "there is none"
        );
}
