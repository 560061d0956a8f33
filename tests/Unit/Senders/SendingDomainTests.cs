using Ledgerpost.Campaigns;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Contacts;
using UnitTests.Support;

namespace UnitTests.Senders;

public sealed class SendingDomainTests
{
    [Fact]
    public async Task Add_OfADomain_KeepsTheProvidersRecords_AndAudits()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var provider = new ScriptedDomains();

        var outcome = await AddAsync(database, provider, tenant.As(TenantRole.Owner), " Mail.Example.COM ");

        var known = Assert.IsType<DomainOutcome.Known>(outcome);
        Assert.Equal(["create mail.example.com eu-west-1"], provider.Calls);
        var views = await new SenderOverview(database.Db).ExecuteAsync(tenant.As(TenantRole.Viewer));
        var view = views.Single(domain => domain.Id == known.DomainId);
        Assert.Equal(("mail.example.com", "eu-west-1", true), (view.Name, view.Region, view.AtProvider));
        Assert.Equal("resend._domainkey", Assert.Single(view.Records).Name);
        Assert.Contains("domain.added", await ActionsAsync(database, tenant));
    }

    [Fact]
    public async Task Add_WhileTheProviderIsAsked_HoldsNoTransaction()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        // A write from inside the call would wait for ever behind an open transaction.
        var provider = new ScriptedDomains
        {
            BeforeAnswer = () =>
                database.AddContactAsync(tenant, "ada@example.net").WaitAsync(TimeSpan.FromSeconds(30)),
        };

        Assert.IsType<DomainOutcome.Known>(
            await AddAsync(database, provider, tenant.As(TenantRole.Owner), "mail.example.com")
        );
    }

    [Fact]
    public async Task Add_OfAnotherTenantsDomain_IsRefusedWithoutNamingAnybody_AndNeverAsked()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var provider = new ScriptedDomains();

        var outcome = await AddAsync(database, provider, south.As(TenantRole.Owner), "north.test");

        var refused = Assert.IsType<DomainOutcome.Refused>(outcome);
        Assert.StartsWith("This domain cannot be added here.", refused.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("north", refused.Reason, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(provider.Calls);
        Assert.Empty(await ActionsAsync(database, south));
        Assert.Equal(1, await CountAsync(database, north));
    }

    [Fact]
    public async Task Add_ThatTheProviderRefuses_FreesTheName()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var provider = new ScriptedDomains { Create = new DomainAnswer.Refused("Not today.") };

        var refused = Assert.IsType<DomainOutcome.Refused>(
            await AddAsync(database, provider, tenant.As(TenantRole.Owner), "mail.example.com")
        );

        Assert.Contains("Not today.", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync(database, tenant));
        provider.Create = ScriptedDomains.Known("id-1", DomainStatus.NotStarted);
        Assert.IsType<DomainOutcome.Known>(
            await AddAsync(database, provider, tenant.As(TenantRole.Owner), "mail.example.com")
        );
    }

    [Fact]
    public async Task Add_WithoutAnAnswer_IsKept_AndACheckBringsItToItsEnd()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var provider = new ScriptedDomains { Create = new DomainAnswer.NoAnswer() };
        var waiting = Assert.IsType<DomainOutcome.Waiting>(
            await AddAsync(database, provider, tenant.As(TenantRole.Owner), "mail.example.com")
        );
        // The call had arrived after all.
        provider.Create = new DomainAnswer.Exists();
        provider.Find = ScriptedDomains.Known("id-1", DomainStatus.NotStarted);
        provider.Get = ScriptedDomains.Known("id-1", DomainStatus.NotStarted);

        var known = await CheckAsync(database, provider, tenant.As(TenantRole.Admin), waiting.DomainId);

        Assert.Equal(new DomainOutcome.Known(waiting.DomainId, DomainStatus.NotStarted), known);
    }

    [Fact]
    public async Task Add_WhoseProcessDiedBeforeTheAnswer_IsGoneOnWith_WhenItIsAddedAgain()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var provider = new ScriptedDomains { BeforeAnswer = () => throw new IOException("The process died.") };
        await Assert.ThrowsAsync<IOException>(() =>
            AddAsync(database, provider, tenant.As(TenantRole.Owner), "mail.example.com")
        );
        // The call had arrived.
        provider.BeforeAnswer = () => Task.CompletedTask;
        provider.Create = new DomainAnswer.Exists();
        provider.Find = ScriptedDomains.Known("id-1", DomainStatus.NotStarted);
        provider.Get = ScriptedDomains.Known("id-1", DomainStatus.Pending);

        var known = await AddAsync(database, provider, tenant.As(TenantRole.Owner), "mail.example.com");
        var again = await AddAsync(database, provider, tenant.As(TenantRole.Owner), "mail.example.com");

        Assert.Equal(DomainStatus.Pending, Assert.IsType<DomainOutcome.Known>(known).Status);
        Assert.StartsWith("This domain is in the list already", Assert.IsType<DomainOutcome.Refused>(again).Reason);
        Assert.Equal(2, await CountAsync(database, tenant));
        Assert.Single(await ActionsAsync(database, tenant), action => action == "domain.added");
    }

    [Fact]
    public async Task Add_TwiceAtOnce_IsKept_WhereTheProviderTakesOneAndRefusesTheOther()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        DomainOutcome? taken = null;
        var refusing = new ScriptedDomains
        {
            Create = new DomainAnswer.Refused("Only one at a time."),
            BeforeAnswer = async () =>
                taken = await AddAsync(
                    database,
                    new ScriptedDomains(),
                    tenant.As(TenantRole.Owner),
                    "mail.example.com"
                ),
        };

        var other = await AddAsync(database, refusing, tenant.As(TenantRole.Owner), "mail.example.com");

        Assert.Equal(Assert.IsType<DomainOutcome.Known>(taken), other);
        Assert.Equal(2, await CountAsync(database, tenant));
    }

    [Fact]
    public async Task Add_OfADomainThatTheAccountHasVerified_IsNotAdopted()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var provider = new ScriptedDomains
        {
            Create = new DomainAnswer.Exists(),
            Find = ScriptedDomains.Known("somebody-elses", DomainStatus.Verified),
        };

        Assert.IsType<DomainOutcome.Refused>(
            await AddAsync(database, provider, tenant.As(TenantRole.Owner), "mail.example.com")
        );
        Assert.Equal(1, await CountAsync(database, tenant));
    }

    [Fact]
    public async Task Check_AsksForVerification_ThenKeepsTheStatus_AndAuditsOnlyAChange()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var provider = new ScriptedDomains();
        var owner = tenant.As(TenantRole.Owner);
        var added = (DomainOutcome.Known)await AddAsync(database, provider, owner, "mail.example.com");

        provider.Get = ScriptedDomains.Known("id-1", DomainStatus.Pending);
        provider.BeforeAnswer = () =>
        {
            // Its look succeeds, which the second reading tells.
            provider.Get = provider.Calls[^1].StartsWith("verify", StringComparison.Ordinal)
                ? ScriptedDomains.Known("id-1", DomainStatus.Verified)
                : provider.Get;
            return Task.CompletedTask;
        };
        await CheckAsync(database, provider, tenant.As(TenantRole.Admin), added.DomainId);
        await CheckAsync(database, provider, tenant.As(TenantRole.Admin), added.DomainId);

        Assert.Equal(
            ["create mail.example.com eu-west-1", "get id-1", "verify id-1", "get id-1", "get id-1"],
            provider.Calls
        );
        Assert.Equal(["domain.added", "domain.status_changed"], await ActionsAsync(database, tenant));
        provider.Get = new DomainAnswer.NotFound();
        Assert.Equal(
            new DomainOutcome.Known(added.DomainId, DomainStatus.Failed),
            await CheckAsync(database, provider, tenant.As(TenantRole.Admin), added.DomainId)
        );
    }

    [Fact]
    public async Task Remove_WhileACampaignUsesIt_IsRefused_ThenTakesSendersAlong()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var provider = new ScriptedDomains();
        var remove = new RemoveSendingDomain(database.Db, provider);
        var campaignId = await Ledger.AddCampaignAsync(database, tenant, [], CampaignStatus.Partial);

        var used = await remove.ExecuteAsync(tenant.As(TenantRole.Owner), tenant.DomainId);

        Assert.Equal(["Spring news"], Assert.IsType<DomainOutcome.InUse>(used).Campaigns);
        Assert.IsType<SenderOutcome.InUse>(
            await new RemoveSender(database.Db).ExecuteAsync(tenant.As(TenantRole.Admin), tenant.SenderId)
        );
        Assert.Empty(provider.Calls);

        await database.Db.WriteAsync(
            tenant.Scope,
            (db, token) =>
                db
                    .Campaigns.Where(row => row.Id == campaignId)
                    .ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, CampaignStatus.Sent), token),
            CancellationToken.None
        );
        Assert.Equal(
            new DomainOutcome.Removed(true),
            await remove.ExecuteAsync(tenant.As(TenantRole.Owner), tenant.DomainId)
        );
        Assert.Equal([$"delete {tenant.DomainId}"], provider.Calls);
        Assert.Empty(await new SenderOverview(database.Db).ExecuteAsync(tenant.As(TenantRole.Viewer)));
    }

    [Fact]
    public async Task Commands_ByLesserRolesAndStrangers_DoNothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var provider = new ScriptedDomains();
        var remove = new RemoveSendingDomain(database.Db, provider);
        var stranger = south.As(TenantRole.Owner);

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            AddAsync(database, provider, north.As(TenantRole.Admin), "mail.example.com")
        );
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            CheckAsync(database, provider, north.As(TenantRole.Editor), north.DomainId)
        );
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            remove.ExecuteAsync(north.As(TenantRole.Admin), north.DomainId)
        );
        Assert.IsType<DomainOutcome.NotFound>(await CheckAsync(database, provider, stranger, north.DomainId));
        Assert.IsType<DomainOutcome.NotFound>(await remove.ExecuteAsync(stranger, north.DomainId));
        Assert.IsType<SenderOutcome.NotFound>(
            await new RemoveSender(database.Db).ExecuteAsync(stranger, north.SenderId)
        );
        Assert.IsType<SenderOutcome.Invalid>(
            await new AddSender(database.Db).ExecuteAsync(stranger, new(north.DomainId, "news", null, null))
        );
        Assert.Empty(provider.Calls);
    }

    [Theory]
    [InlineData("news", null, null, "LocalPart")]
    [InlineData("", null, null, "LocalPart")]
    [InlineData("eve@evil.example", null, null, "LocalPart")]
    [InlineData("hello\r\nBcc: x", null, null, "LocalPart")]
    [InlineData("hello", "Name\nBcc: x", null, "DisplayName")]
    [InlineData("hello", null, "nonsense", "ReplyTo")]
    [InlineData(" Hello ", "Hello there", "answers@example.net", null)]
    public async Task AddSender_ChecksEachField(string local, string? name, string? replyTo, string? fault)
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");

        var outcome = await new AddSender(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Admin),
            new SenderInput(tenant.DomainId, local, name, replyTo)
        );

        if (fault is null)
        {
            Assert.IsType<SenderOutcome.Saved>(outcome);
            var views = await new SenderOverview(database.Db).ExecuteAsync(tenant.As(TenantRole.Viewer));
            Assert.Contains(views[0].Senders, sender => sender.Address == "hello@north.test");
        }
        else
        {
            Assert.Equal(fault, Assert.Single(Assert.IsType<SenderOutcome.Invalid>(outcome).Errors).Field);
        }
    }

    private static Task<DomainOutcome> AddAsync(
        TestDatabase database,
        ScriptedDomains provider,
        Caller caller,
        string name
    ) =>
        new AddSendingDomain(database.Db, new DomainRegistration(database.Db, provider)).ExecuteAsync(
            caller,
            name,
            "eu-west-1"
        );

    private static Task<DomainOutcome> CheckAsync(
        TestDatabase database,
        ScriptedDomains provider,
        Caller caller,
        Guid domainId
    ) =>
        new CheckSendingDomain(database.Db, new DomainRegistration(database.Db, provider)).ExecuteAsync(
            caller,
            domainId
        );

    private static async Task<int> CountAsync(TestDatabase database, TestTenant tenant)
    {
        await using var db = database.Db.Read(tenant.Scope);
        return await db.SendingDomains.CountAsync();
    }

    internal static async Task<IReadOnlyList<string>> ActionsAsync(TestDatabase database, TestTenant tenant)
    {
        await using var db = database.Db.Read(tenant.Scope);
        return await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync();
    }
}
