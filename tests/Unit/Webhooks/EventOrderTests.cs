using System.Collections;
using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;
using UnitTests.Sending;
using UnitTests.Support;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Webhooks;

/// <summary>
/// The same history told in any order, with repetitions, in batches of any size, before or after the settle: the same ledger.
/// Each telling has a tenant of its own in one database, with people of the same addresses.
/// </summary>
public sealed class EventOrderTests
{
    private const int Tellings = 4;

    [Fact]
    public void History_ToldInAnyOrder_EndsInTheSameLedger()
    {
        var sizes = new List<int>();
        Prop.ForAll(
                EventHistory.Any.ToArbitrary(),
                history =>
                {
                    var ledgers = Task.Run(() => TellAsync(history)).GetAwaiter().GetResult();
                    sizes.Add(ledgers[0].Length);
                    Assert.All(ledgers, ledger => Assert.Equal(ledgers[0], ledger));
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(12).WithReplay(4711, 1));

        // Else nothing was compared.
        Assert.All(sizes, size => Assert.True(size > 500));
    }

    [Fact]
    [Trait("Category", "Long")]
    public void Histories_ByTheHundred_EndInTheSameLedger() =>
        Prop.ForAll(
                EventHistory.Any.ToArbitrary(),
                history =>
                {
                    var ledgers = Task.Run(() => TellAsync(history)).GetAwaiter().GetResult();
                    Assert.All(ledgers, ledger => Assert.Equal(ledgers[0], ledger));
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    private static async Task<IReadOnlyList<string>> TellAsync(EventHistory history)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.UnpacedAsync();
        var tellings = new List<Telling>();
        for (var number = 0; number < Tellings; number++)
        {
            tellings.Add(await Telling.CreateAsync(engine, history, number));
        }

        // The early ones come while the call is in flight.
        foreach (var telling in tellings)
        {
            await telling.SendAsync();
        }

        if (history.Expired)
        {
            engine.Time.Advance(TimeSpan.FromHours(21));
            await engine.Expire.RunOnceAsync(CancellationToken.None);
        }

        foreach (var telling in tellings)
        {
            await telling.TellAsync();
        }

        // What names its mail by the provider's id alone may have waited for it.
        engine.Time.Advance(TimeSpan.FromHours(12));
        await EventTests.ApplyAsync(engine);
        return await Task.WhenAll(tellings.Select(telling => telling.LedgerAsync()));
    }

    private sealed class Telling(EngineHarness engine, EventHistory history, TestTenant tenant, int number)
    {
        private readonly Random _random = new(history.Seed + number);
        private readonly List<Guid> _campaigns = [];
        private readonly List<Mail> _mails = [];

        public static async Task<Telling> CreateAsync(EngineHarness engine, EventHistory history, int number)
        {
            var tenant = await engine.Database.AddTenantAsync($"telling-{number}");
            await engine.Database.AddContactsAsync(tenant, EventHistory.People);
            return new Telling(engine, history, tenant, number);
        }

        /// <summary>The first telling is in the order of the history, without repetition, after the settle.</summary>
        private bool Plain => number == 0;

        public async Task SendAsync()
        {
            foreach (var campaign in new[] { 0, 1 })
            {
                _campaigns.Add(await engine.LaunchAsync(tenant));
                engine.Crash.On = point =>
                    // Only of the last call: who complains of the first is not mailed again.
                    point == Ledgerpost.Sending.CrashPoints.BeforeSettle
                    && campaign == 1
                    && !Plain
                        ? TellEarlyAsync(campaign)
                        : Task.CompletedTask;
                engine.Provider.Then(history.Fate(campaign) == CallFate.Lost ? Fault.LostAnswer : Fault.None);
                await engine.TurnAsync();
                engine.Crash.On = null;
                Note(campaign);
                // The provider is not failing: only that answer was lost.
                await engine.Db.WriteAsync(
                    TenantScope.Installation,
                    (db, token) =>
                        db.ProviderAccounts.ExecuteUpdateAsync(
                            set =>
                                set.SetProperty(a => a.NotBefore, (DateTimeOffset?)null)
                                    .SetProperty(a => a.FailingSince, (DateTimeOffset?)null)
                                    .SetProperty(a => a.FailuresInARow, 0),
                            token
                        ),
                    CancellationToken.None
                );
            }
        }

        public async Task TellAsync()
        {
            var order = history.Events.Select((told, index) => (told, index)).ToList();
            if (!Plain)
            {
                // Some twice; and whatever was told early comes again too.
                order.AddRange([.. order.Where(_ => _random.Next(4) == 0)]);
                order = [.. order.OrderBy(_ => _random.Next())];
            }

            foreach (var (told, index) in order)
            {
                await ReceiveAsync(told, index);
                if (Plain || _random.Next(3) == 0)
                {
                    await EventTests.ApplyAsync(engine);
                }
            }

            foreach (var foreign in Foreign)
            {
                await EventTests.StoreAsync(engine, foreign, $"{number}-{foreign.Length}");
            }

            await EventTests.ApplyAsync(engine);
        }

        private static readonly string[] Foreign =
        [
            """{"type":"contact.created","data":{"id":"x"}}""",
            """{"type":"email.delivered","data":{"email_id":"of-a-deleted-campaign","tags":{"campaign":"0198a0000000700080000000000000ff","recipient":"1","chunk":"1","generation":"1"}}}""",
            "not json",
        ];

        private async Task TellEarlyAsync(int campaign)
        {
            Note(campaign);
            foreach (var (told, index) in history.Events.Select((told, index) => (told, index)))
            {
                if (told.Campaign == campaign && _random.Next(3) == 0)
                {
                    await ReceiveAsync(told, index);
                }
            }

            await EventTests.ApplyAsync(engine);
        }

        private void Note(int campaign)
        {
            var tag = _campaigns[campaign].ToString("N");
            _mails.AddRange(engine.Provider.Mailed.Where(mail => mail.CampaignTag == tag && !_mails.Contains(mail)));
        }

        private Mail MailOf(int campaign, int recipient) =>
            _mails.Single(mail =>
                mail.CampaignTag == _campaigns[campaign].ToString("N") && mail.Recipient == recipient
            );

        private Task ReceiveAsync(Told told, int index) =>
            EventTests.StoreAsync(
                engine,
                told.Body(MailOf(told.Campaign, told.Recipient)),
                string.Create(CultureInfo.InvariantCulture, $"{number}-{index}")
            );

        /// <summary>Everything but names of its own and the instants at which it was told.</summary>
        public async Task<string> LedgerAsync()
        {
            await using var db = engine.Db.Read(TenantScope.Installation);
            var text = new StringBuilder();
            foreach (var campaign in new[] { 0, 1 })
            {
                var id = _campaigns[campaign];
                text.AppendLine($"campaign {campaign}: {(await db.Campaigns.SingleAsync(c => c.Id == id)).Status}");
                foreach (
                    var row in await db.Recipients.Where(r => r.CampaignId == id).OrderBy(r => r.Number).ToListAsync()
                )
                {
                    Assert.Equal(MailOf(campaign, row.Number).Id, row.ProviderEmailId);
                    text.AppendLine(Values(row));
                    var story = await db
                        .RecipientEvents.Where(e => e.CampaignId == id && e.RecipientNumber == row.Number)
                        .ToListAsync();
                    story.Select(Values).Order(StringComparer.Ordinal).ToList().ForEach(line => text.AppendLine(line));
                }
            }

            var suppressed = await db.SuppressedAddresses.Where(s => s.TenantId == tenant.Id).ToListAsync();
            suppressed.Select(Values).Order(StringComparer.Ordinal).ToList().ForEach(line => text.AppendLine(line));
            var mine = $"{number}-";
            var events = await db.WebhookMessages.Where(m => m.MessageId.StartsWith(mine)).ToListAsync();
            events.ForEach(e => Assert.Equal(e.State == WebhookState.Applied ? tenant.Id : Guid.Empty, e.TenantId));
            return text.AppendJoin(
                    '\n',
                    events.Select(e => $"{e.MessageId[mine.Length..]} {e.State} {e.Note}").Order(StringComparer.Ordinal)
                )
                .ToString();
        }

        private static readonly string[] Own =
        [
            "TenantId",
            "CampaignId",
            "ContactId",
            "ProviderEmailId",
            "Id",
            "UpdatedAt",
            "AcceptedAt",
            "ReceivedAt",
            "CreatedAt",
        ];

        private static string Values(object row) =>
            string.Join(
                "; ",
                row.GetType()
                    .GetProperties()
                    .Where(property => !Own.Contains(property.Name))
                    .Select(property => (property.Name, Value: property.GetValue(row)))
                    .Where(pair => pair.Value is not null and (string or not IEnumerable))
                    .Select(pair =>
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{pair.Name} {(pair.Value is DateTimeOffset at ? at.ToString("O", CultureInfo.InvariantCulture) : pair.Value)}"
                        )
                    )
            );
    }
}
