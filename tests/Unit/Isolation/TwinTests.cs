using System.Text;
using Ledgerpost.Contacts;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Deletion;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Segments;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Ledgerpost.Templates;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Deletion;
using UnitTests.Senders;
using UnitTests.Sending;
using UnitTests.Support;
using UnitTests.Webhooks;

namespace UnitTests.Isolation;

/// <summary>
/// Two tenants with the same people, the same words and the same campaigns: whatever becomes of one, each row of each table of the
/// other is afterwards what it was, bit for bit. Only the tenant tells them apart, so a condition that forgets it is seen.
/// </summary>
public sealed class TwinTests
{
    private static readonly Dictionary<string, Func<Twins, Task>> Deeds = new(StringComparer.Ordinal)
    {
        ["a bounce"] = twins => twins.ReportAsync("email.bounced"),
        ["a complaint"] = twins => twins.ReportAsync("email.complained"),
        ["an open"] = twins => twins.ReportAsync("email.opened"),
        ["a suppression"] = twins =>
            new AddSuppression(twins.Engine.Db).ExecuteAsync(
                twins.Owner,
                "person2@example.net",
                SuppressionReason.Manual,
                "by hand"
            ),
        ["a suppression taken away"] = async twins =>
        {
            var page = await new SuppressionList(twins.Engine.Db).ExecuteAsync(
                twins.Owner,
                "person3@example.net",
                null,
                0,
                1
            );
            await new RemoveSuppression(twins.Engine.Db).ExecuteAsync(twins.Owner, page.Rows[0].Id);
        },
        ["an unsubscribe link"] = twins =>
            new UnsubscribeByLink(twins.Engine.Db, twins.Engine.Database.Ids).ExecuteAsync(
                new UnsubscribeTokens(new byte[32]).Seal(twins.North.Id, "person4@example.net"),
                "192.0.2.9",
                CancellationToken.None
            ),
        ["a template's change"] = twins =>
            new ChangeTemplate(twins.Engine.Db).ExecuteAsync(
                twins.Owner,
                twins.TemplateId,
                null,
                new TemplateInput("Another", "Another", "<p>Another</p>")
            ),
        ["a template's deletion"] = twins =>
            new DeleteTemplate(twins.Engine.Db).ExecuteAsync(twins.Owner, twins.TemplateId),
        ["a domain's loss"] = async twins =>
        {
            var provider = new ScriptedDomains { Get = ScriptedDomains.Known("gone", DomainStatus.Failed) };
            await new CheckSendingDomain(
                twins.Engine.Db,
                new DomainRegistration(twins.Engine.Db, provider)
            ).ExecuteAsync(twins.Owner, twins.North.DomainId);
        },
        ["an import of the same people"] = twins => twins.ImportAsync(),
        ["contacts' deletion"] = twins =>
            new DeleteContacts(twins.Engine.Db).ExecuteAsync(twins.Owner, new ContactFilter(), Twins.People),
        ["a tag for everybody"] = twins =>
            new TagContacts(twins.Engine.Db).ExecuteAsync(twins.Owner, new ContactFilter(), "seen"),
        ["a member's removal"] = twins =>
            new RemoveMember(twins.Engine.Db).ExecuteAsync(
                twins.Owner,
                twins.North.People[TenantRole.Editor],
                CancellationToken.None
            ),
        ["a campaign's end"] = twins =>
            twins.Engine.Cancel.ExecuteAsync(twins.Owner, twins.PausedId, CancellationToken.None),
        ["a campaign that goes on"] = async twins =>
        {
            await twins.Engine.Continue.ExecuteAsync(twins.Owner, twins.PausedId, CancellationToken.None);
            await twins.Engine.RunAsync();
        },
        ["a resume"] = async twins =>
        {
            await twins.Engine.ResumeAsync(twins.PartialId);
            await twins.Engine.RunAsync();
        },
        ["doubt that becomes unknown"] = async twins =>
        {
            twins.Engine.Provider.Then(FakeProvider.Fault.LostAnswer);
            await twins.Engine.ResumeAsync(twins.PartialId);
            await twins.Engine.TurnAsync();
            twins.Engine.Time.Advance(TimeSpan.FromHours(21));
            await twins.Engine.Expire.RunOnceAsync(CancellationToken.None);
        },
        ["an erased person"] = twins =>
            new ErasePerson(twins.Engine.Db, twins.Engine.Options).ExecuteAsync(
                twins.Owner,
                "person1@example.net",
                CancellationToken.None
            ),
        ["a key made and revoked"] = async twins =>
        {
            var made = Assert.IsType<ApiKeyOutcome.Created>(
                await new CreateApiKey(twins.Engine.Db).ExecuteAsync(
                    twins.Owner,
                    new ApiKeyInput("Program", ["read"]),
                    CancellationToken.None
                )
            );
            await new RevokeApiKey(twins.Engine.Db).ExecuteAsync(twins.Owner, made.Key.Id, CancellationToken.None);
        },
        ["the tenant's deletion"] = async twins =>
        {
            await new DeleteTenant(twins.Engine.Db, new DeletionSignal()).ExecuteAsync(
                Actor.CommandLine,
                twins.North.Id,
                "north Ltd",
                null,
                CancellationToken.None
            );
            await DeletionSteps
                .Job(twins.Engine.Database, twins.Engine.Crash, new ScriptedDomains())
                .RunOnceAsync(CancellationToken.None);
        },
    };

    public static TheoryData<string> Names() => [.. Deeds.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task WhateverBecomesOfOne_TheOthersRowsAreBitForBitWhatTheyWere(string deed)
    {
        await using var twins = await Twins.CreateAsync();
        var (mine, others) = (await twins.DumpAsync(twins.North), await twins.DumpAsync(twins.South));

        await Deeds[deed](twins);

        Assert.NotEqual(mine, await twins.DumpAsync(twins.North));
        Assert.Equal(others, await twins.DumpAsync(twins.South));
    }

    [Fact]
    public async Task WhomTheOtherMustNotMail_IsMailed()
    {
        await using var twins = await Twins.CreateAsync();
        await twins.Engine.SuppressAsync("person10@example.net", twins.South);
        await new DeleteContacts(twins.Engine.Db).ExecuteAsync(
            twins.South.As(TenantRole.Owner),
            new ContactFilter(),
            Twins.People
        );

        await twins.Engine.Continue.ExecuteAsync(twins.Owner, twins.PausedId, CancellationToken.None);
        await twins.Engine.RunAsync();

        var mailed = twins.Engine.Provider.Mailed.Where(mail => mail.CampaignTag == twins.PausedId.ToString("N"));
        // All but the one whom North suppresses too.
        Assert.Equal(Twins.People - 1, mailed.Count());
    }

    [Fact]
    public async Task Twins_HaveRowsInEveryTable_AndTheSamePeopleInTheSamePlaces()
    {
        await using var twins = await Twins.CreateAsync();

        Assert.All(
            await twins.Engine.Database.CountRowsAsync(twins.South.Id),
            table => Assert.True(table.Value > 0, $"South has nothing in {table.Key}.")
        );
        var (north, south) = (
            await twins.Engine.CountsAsync(twins.PartialId),
            await twins.Engine.CountsAsync(twins.SouthsPartialId, twins.South)
        );
        Assert.Equal(north, south);
        Assert.True(north is { Accepted: > 0, Pending: > 0, Excluded: > 0 }, $"{north}");
    }

    /// <summary>Each has a campaign that stopped half-way and one that is paused, to the same people.</summary>
    private sealed class Twins : IAsyncDisposable
    {
        public const int People = 150;

        private Twins(EngineHarness engine, TestTenant south) => (Engine, South) = (engine, south);

        public EngineHarness Engine { get; }
        public TestTenant South { get; }
        public TestTenant North => Engine.Tenant;
        public Caller Owner => North.As(TenantRole.Owner);
        public Guid PartialId { get; private set; }
        public Guid SouthsPartialId { get; private set; }
        public Guid PausedId { get; private set; }
        public Guid TemplateId { get; private set; }

        public static async Task<Twins> CreateAsync()
        {
            var engine = await EngineHarness.CreateAsync();
            var twins = new Twins(engine, await engine.Database.AddTenantAsync("south"));
            foreach (var tenant in new[] { twins.South, twins.North })
            {
                (twins.PartialId, twins.SouthsPartialId) = (await twins.FillAsync(tenant), twins.PartialId);
            }

            await engine.Database.FillAsync(twins.South);
            await twins.SettleAsync();
            return twins;
        }

        public Task<IReadOnlyList<string>> DumpAsync(TestTenant tenant) => Engine.Database.DumpAsync(tenant.Id);

        public Task ReportAsync(string type) =>
            EventTests.ReceiveAsync(
                Engine,
                EventTests.Event(
                    type,
                    Engine.Provider.Mailed.First(mail => mail.CampaignTag == PartialId.ToString("N"))
                )
            );

        public async Task ImportAsync()
        {
            var files = new ImportFiles(Path.Combine(Engine.Database.Folder, "imports"));
            var csv =
                "email,first_name\n"
                + string.Concat(Enumerable.Range(1, People + 5).Select(i => $"person{i}@example.net,New\n"));
            await new StartImport(Engine.Db, files, Engine.Database.Ids, new ImportSignal()).ExecuteAsync(
                Owner,
                "people.csv",
                new MemoryStream(Encoding.UTF8.GetBytes(csv))
            );
            await new ContactImporter(
                Engine.Db,
                files,
                Engine.Database.Ids,
                Suppress.ImportedAsync,
                NullLogger<ContactImporter>.Instance
            ).RunOnceAsync(CancellationToken.None);
        }

        public ValueTask DisposeAsync() => Engine.DisposeAsync();

        // Otherwise what looks for the next import, or for the next event, would rightly find South's.
        private Task SettleAsync() =>
            Engine.Db.WriteAsync(
                South.Scope,
                async (db, token) =>
                {
                    await db.ContactImports.ExecuteUpdateAsync(
                        set => set.SetProperty(row => row.Status, ImportStatus.Completed),
                        token
                    );
                    await db.WebhookMessages.ExecuteUpdateAsync(
                        set => set.SetProperty(row => row.State, WebhookState.Applied),
                        token
                    );
                },
                CancellationToken.None
            );

        /// <returns>The campaign that stopped half-way.</returns>
        private async Task<Guid> FillAsync(TestTenant tenant)
        {
            var owner = tenant.As(TenantRole.Owner);
            await Engine.Database.AddContactsAsync(tenant, People, "news");
            await Engine.SuppressAsync("person3@example.net", tenant);
            var saved = Assert.IsType<TemplateOutcome.Saved>(
                await new CreateTemplate(Engine.Db).ExecuteAsync(
                    owner,
                    new TemplateInput("Letter", "Letter", "<p>Letter</p>")
                )
            );
            TemplateId = saved.TemplateId;
            Engine.Provider.Then(FakeProvider.Fault.None, FakeProvider.Fault.DailyQuota);
            var partial = await Engine.LaunchAsync(tenant);
            await Engine.RunAsync();
            PausedId = await Engine.LaunchAsync(tenant);
            await Engine.Pause.ExecuteAsync(owner, PausedId, CancellationToken.None);
            return partial;
        }
    }
}
