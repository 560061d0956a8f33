using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>What a tenant does with an account of its own, for tests.</summary>
internal static class OwnAccountSteps
{
    /// <summary>What keeps each test's keys.</summary>
    public static ProviderSecrets Secrets { get; } = new(new EphemeralDataProtectionProvider());

    /// <summary>Keys that open what is named with their first letters: <c>re_one_new</c> opens <c>one</c>.</summary>
    public static bool? Opens(string apiKey, string id) => apiKey.Split('_')[1] == id;

    public static async Task<OwnAccountOutcome> SetKeyAsync(
        this EngineHarness engine,
        string key,
        KeyAnswer answer = KeyAnswer.Full,
        TestTenant? tenant = null,
        TenantRole role = TenantRole.Owner
    )
    {
        engine.Probe.Asked ??= Opens;
        return await new SetOwnKey(
            engine.Db,
            engine.Accounts,
            Secrets,
            new Check(answer),
            new DomainSignal()
        ).ExecuteAsync((tenant ?? engine.Tenant).As(role), key);
    }

    /// <summary>An own account with the tenant's domain registered and verified in it.</summary>
    /// <param name="name">The second part of its keys.</param>
    public static async Task<CurrentAccount> OwnAccountAsync(
        this EngineHarness engine,
        string name,
        TestTenant? tenant = null
    )
    {
        tenant ??= engine.Tenant;
        Assert.IsType<OwnAccountOutcome.Saved>(await engine.SetKeyAsync($"re_{name}_first", tenant: tenant));
        var account = await engine.OwnAsync(tenant);
        await engine.VerifyAtAsync(account, name, tenant);
        return account;
    }

    /// <summary>The account has verified the domain under this name.</summary>
    public static Task VerifyAtAsync(
        this EngineHarness engine,
        CurrentAccount account,
        string name,
        TestTenant? tenant = null
    ) =>
        engine.Db.WriteAsync(
            (tenant ?? engine.Tenant).Scope,
            (db, token) =>
                db.SendingDomains.ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(row => row.AccountId, account.Id)
                            .SetProperty(row => row.ProviderDomainId, name)
                            .SetProperty(row => row.Status, DomainStatus.Verified),
                    token
                ),
            CancellationToken.None
        );

    public static async Task<CurrentAccount> OwnAsync(this EngineHarness engine, TestTenant? tenant = null)
    {
        await using var db = engine.Db.Read((tenant ?? engine.Tenant).Scope);
        var id = await db.OwnAccounts.Where(row => row.IsCurrent).Select(row => row.AccountId).SingleAsync();
        return await db
            .ProviderAccounts.Where(row => row.Id == id)
            .Select(row => new CurrentAccount(row.Id, row.BaseUrl) { OwnerId = row.OwnerId })
            .SingleAsync();
    }

    public static Task<OwnAccountOutcome> RemoveKeyAsync(this EngineHarness engine) =>
        new RemoveOwnKey(engine.Db, engine.Accounts, new DomainSignal()).ExecuteAsync(
            engine.Tenant.As(TenantRole.Owner)
        );

    /// <summary>Turns of the account's own workers until nothing is due, at most so many.</summary>
    public static async Task<int> RunLaneAsync(this EngineHarness engine, OwnLane lane, int atMost = 20)
    {
        var calls = 0;
        for (var turn = 0; turn < atMost; turn++)
        {
            switch (await engine.TurnAsync(lane.Dispatcher))
            {
                case DispatchResult.Idle:
                    return calls;
                case DispatchResult.Sent:
                    calls++;
                    break;
            }
        }

        return calls;
    }

    private sealed class Check(KeyAnswer answer) : IKeyCheck
    {
        public Task<KeyAnswer> AskAsync(string baseUrl, string apiKey, CancellationToken cancellation) =>
            Task.FromResult(answer);
    }
}
