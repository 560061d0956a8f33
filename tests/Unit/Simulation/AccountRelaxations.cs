using Ledgerpost.Data;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Simulation;

/// <summary>A call goes out with the key that its tenant has now, whichever account its intent names.</summary>
internal abstract class SentWithTheCurrentKey : Relaxation
{
    private readonly HashSet<string> _sent = [];

    public override void Shape(SimPlan plan)
    {
        (plan.OwnAccounts, plan.KeyChanges, plan.Restores, plan.Reconciles) = (true, 0, 0, false);
        (plan.LostAnswer, plan.ProviderFault, plan.Events) = (0.3, 0.15, 0);
    }

    public override IMailProvider Provider(IMailProvider real, SimPortal portal) => new Switching(this, real, portal);

    /// <param name="isRepeat">A call under this key went out before.</param>
    protected abstract bool IsSwitched(bool isRepeat);

    private sealed class Switching(SentWithTheCurrentKey owner, IMailProvider real, SimPortal portal) : IMailProvider
    {
        public ValueTask<bool> HasKeyAsync(Guid? ownAccountId, CancellationToken cancellation) =>
            real.HasKeyAsync(ownAccountId, cancellation);

        public async Task<ProviderAnswer> PostAsync(ProviderRequest request, CancellationToken cancellation)
        {
            var isRepeat = !owner._sent.Add(request.Key);
            return await real.PostAsync(
                request.OwnAccountId is { } named && owner.IsSwitched(isRepeat)
                    ? request with
                    {
                        OwnAccountId = await CurrentAsync(named, cancellation),
                    }
                    : request,
                cancellation
            );
        }

        /// <returns>Null for the installation's.</returns>
        private async Task<Guid?> CurrentAsync(Guid named, CancellationToken cancellation)
        {
            await using var db = portal.Db.Read(TenantScope.Installation);
            return await db
                .OwnAccounts.Where(own => own.IsCurrent)
                .Where(own => db.ProviderAccounts.Any(a => a.Id == named && a.OwnerId == own.TenantId))
                .Select(own => (Guid?)own.AccountId)
                .SingleOrDefaultAsync(cancellation);
        }
    }
}

/// <summary>A repeat goes to the account that the tenant has now, and not to the one where its first attempt went.</summary>
internal sealed class RepeatAtTheCurrentAccount : SentWithTheCurrentKey
{
    protected override bool IsSwitched(bool isRepeat) => isRepeat;
}

/// <summary>A chunk that was claimed for an account whose key was taken away meanwhile goes out with the other key.</summary>
internal sealed class FirstCallWithTheOtherKey : SentWithTheCurrentKey
{
    public override async ValueTask ReachAsync(string point, SimPortal portal)
    {
        if (point == CrashPoints.AfterIntent)
        {
            await portal.World.Owners.ChangeNowAsync(portal);
        }
    }

    protected override bool IsSwitched(bool isRepeat) => !isRepeat;
}
