using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Outbox;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Tenancy;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Deletion;

/// <summary>Who is erased takes nothing along that is somebody else's.</summary>
public sealed class EraseBesideOthersTests
{
    private const string Address = "ann@example.net";

    [Fact]
    public async Task OneWhoCouldNotBeRendered_Erased_LeavesTheBytesThatTheOthersRepeatNeeds()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        var ann = await engine.Database.AddContactAsync(engine.Tenant, Address);
        var id = await engine.DraftAsync();
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) =>
            {
                var none = (string?)null;
                await db.Campaigns.ExecuteUpdateAsync(set => set.SetProperty(c => c.Subject, "{{first_name}}"), token);
                await db
                    .Contacts.Where(c => c.Id == ann)
                    .ExecuteUpdateAsync(set => set.SetProperty(c => c.FirstName, none), token);
            },
            CancellationToken.None
        );
        await engine.LaunchDraftAsync(id);
        engine.Provider.Then(FakeProvider.Fault.LostAnswer);
        await engine.TurnAsync();
        Assert.Equal((1, 2), ((await engine.CountsAsync(id)).Refused, (await engine.CountsAsync(id)).InDoubt));

        Assert.IsType<ErasePersonResult.Erased>(await engine.EraseAsync(Address));
        await engine.RunAsync(TimeSpan.FromHours(1));

        Assert.Equal(2, engine.Provider.Calls.Count);
        Assert.Single(engine.Provider.Calls.Select(call => (call.Key, call.Hash)).Distinct());
        Assert.Equal(2, (await engine.CountsAsync(id)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Event_BesideTheErasure_KeepsNoWordOfTheirs()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactAsync(engine.Tenant, Address);
        await engine.LaunchAsync();
        await engine.RunAsync();

        await faults.BesideAsync(
            () => engine.EraseAsync(Address),
            () => engine.ReportAsync(engine.Provider.Mailed[0], "email.failed", $"{Address} is full")
        );

        Assert.DoesNotContain(
            await engine.Database.DumpAsync(engine.Tenant.Id),
            row => row.Contains(Address, StringComparison.OrdinalIgnoreCase)
        );
    }

    /// <summary>Whole tables are searched before the locks, and what is written meanwhile is not in that search.</summary>
    [Fact]
    public async Task WhatIsWritten_BetweenTheSearchAndTheLocks_IsErasedToo()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await WriteAboutAsync(engine, 1, Address);
        await AddDeliveryAsync(engine, 1, Address);
        engine.Time.Advance(TimeSpan.FromDays(2));
        using var log = StatementLog.Of(engine.Database.ConnectionString);
        Task? written = null;
        log.Before = text =>
        {
            if (written is null && EndsTheSearch(text))
            {
                // The snapshot is taken; the erasure itself comes after these.
                written = Task.WhenAll(WriteAboutAsync(engine, 2, Address), AddDeliveryAsync(engine, 2, Address));
            }
        };

        var erased = Assert.IsType<ErasePersonResult.Erased>(await engine.EraseAsync(Address));

        Assert.NotNull(written);
        await written;
        Assert.Equal(2, erased.Entries);
        Assert.DoesNotContain(
            await engine.Database.DumpAsync(engine.Tenant.Id),
            row => row.Contains(Address, StringComparison.OrdinalIgnoreCase)
        );
    }

    [Fact]
    public async Task Erasure_ReadsNoWholeTable_WhileItHasItsLocks()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await WriteAboutAsync(engine, 1, Address);
        await AddDeliveryAsync(engine, 1, Address);
        engine.Time.Advance(TimeSpan.FromDays(2));
        using var log = StatementLog.Of(engine.Database.ConnectionString);
        var reads = new Regex(
            """(FROM|UPDATE) "(AuditEntries|IdempotencyRecords|EventDeliveries|ContactImportLines)" """.TrimEnd(),
            RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
        );
        var (searched, within) = (false, new List<string>());
        log.Before = text =>
        {
            if (searched && reads.IsMatch(text) && text.Contains("lower(", StringComparison.Ordinal))
            {
                within.Add(text);
            }

            searched |= EndsTheSearch(text);
        };

        Assert.IsType<ErasePersonResult.Erased>(await engine.EraseAsync(Address));

        var bounded = new Regex(
            """ "(Sequence|Id)" (>|=|IN)|"(CreatedAt|LastTryAt)" >=|"(Key|ImportId)" =""".TrimStart(),
            RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
        );
        // The log, requests and errors twice each, by what was found and by what is new; lines by what was found.
        Assert.Equal(7, within.Count);
        Assert.All(within, text => Assert.Matches(bounded, text));
    }

    /// <summary>Other programs may use the tenant's own account: their events are millions, and everybody's wait meanwhile.</summary>
    [Fact]
    public async Task Events_AreReadWithinTheLocks_OnlyWhereTheyWereFound_OrAreNew()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await AddEventAsync(engine, "msg_found", Address);
        await AddEventAsync(engine, "msg_other", "bob@example.net");
        engine.Time.Advance(TimeSpan.FromDays(10));
        using var log = StatementLog.Of(engine.Database.ConnectionString);
        var within = new List<string>();
        Task? written = null;
        log.Before = text =>
        {
            if (
                written is not null
                && text.StartsWith("SELECT", StringComparison.Ordinal)
                && text.Contains("FROM \"WebhookMessages\"", StringComparison.Ordinal)
            )
            {
                within.Add(text);
            }

            if (written is null && EndsTheSearch(text))
            {
                written = AddEventAsync(engine, "msg_new", Address);
            }
        };

        Assert.IsType<ErasePersonResult.Erased>(await engine.EraseAsync(Address));

        Assert.NotNull(written);
        await written;
        var bounded = new Regex(
            """ "ReceivedAt" >=|"MessageId" =""".TrimStart(),
            RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
        );
        Assert.NotEmpty(within);
        Assert.All(within, text => Assert.Matches(bounded, text));
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var bodies = await db.WebhookMessages.ToDictionaryAsync(row => row.MessageId, row => row.Body);
        Assert.Equal(("{}", "{}"), (bodies["msg_found"], bodies["msg_new"]));
        Assert.Contains("bob@example.net", bodies["msg_other"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Contact_WhoseAddressIsAnothersByThen_IsErasedByItsNewOne_AndTheOtherStays()
    {
        const string Moved = "ann.moved@example.net";
        await using var engine = await EngineHarness.CreateAsync();
        var ann = await engine.Database.AddContactAsync(engine.Tenant, Address);
        var bob = await engine.Database.AddContactAsync(engine.Tenant, "bob@example.net");
        using var log = StatementLog.Of(engine.Database.ConnectionString);
        Task? written = null;
        log.Before = text =>
        {
            if (written is null && EndsTheSearch(text))
            {
                written = engine.Db.WriteAsync(
                    engine.Tenant.Scope,
                    async (db, token) =>
                    {
                        await MoveAsync(db, ann, Moved, token);
                        await MoveAsync(db, bob, Address, token);
                    },
                    CancellationToken.None
                );
            }
        };

        var erased = Assert.IsType<ErasePersonResult.Erased>(await engine.EraseAsync(ann));

        Assert.NotNull(written);
        await written;
        Assert.True(erased.Contact);
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal([bob], await db.Contacts.Select(row => row.Id).ToListAsync());
        var look = new ErasePerson(engine.Db, engine.Options);
        var admin = engine.Tenant.As(TenantRole.Admin);
        Assert.False((await look.LookAsync(admin, Address, CancellationToken.None))!.IsErased);
        Assert.True((await look.LookAsync(admin, Moved, CancellationToken.None))!.IsErased);

        static Task<int> MoveAsync(PortalDbContext db, Guid id, string to, CancellationToken token) =>
            db
                .Contacts.Where(row => row.Id == id)
                .ExecuteUpdateAsync(
                    set => set.SetProperty(row => row.Email, to).SetProperty(row => row.NormalizedEmail, to),
                    token
                );
    }

    [Fact]
    public async Task Contact_ThatIsGoneByThen_IsNotFound_AndNothingIsSuppressed()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var ann = await engine.Database.AddContactAsync(engine.Tenant, Address);
        using var log = StatementLog.Of(engine.Database.ConnectionString);
        Task? written = null;
        log.Before = text =>
        {
            if (written is null && EndsTheSearch(text))
            {
                written = engine.Db.WriteAsync(
                    engine.Tenant.Scope,
                    (db, token) => db.Contacts.ExecuteDeleteAsync(token),
                    CancellationToken.None
                );
            }
        };

        Assert.IsType<ErasePersonResult.NotFound>(await engine.EraseAsync(ann));

        Assert.NotNull(written);
        await written;
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Empty(await db.SuppressedAddresses.ToListAsync());
        Assert.False(await db.AuditEntries.AnyAsync(entry => entry.Action == "person.erased"));
    }

    /// <summary>On SQLite every write waits for a command, and on PostgreSQL each of the tenant's.</summary>
    [Fact]
    public async Task Export_ReadsNothingOfThePerson_InTheTransactionOfItsEntry()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await WriteAboutAsync(engine, 1, Address);
        using var log = StatementLog.Of(engine.Database.ConnectionString);
        var (demands, within) = (0, new List<string>());
        log.Before = text =>
        {
            demands += text.Contains("FROM \"Memberships\"", StringComparison.Ordinal) ? 1 : 0;
            if (
                demands > 1
                && (
                    text.Contains("lower(", StringComparison.Ordinal)
                    || text.Contains("FROM \"WebhookMessages\"", StringComparison.Ordinal)
                )
            )
            {
                within.Add(text);
            }
        };

        var bytes = await new ExportPerson(engine.Db).ExecuteAsync(
            engine.Tenant.As(TenantRole.Admin),
            Address,
            CancellationToken.None
        );

        Assert.Contains(Address, Encoding.UTF8.GetString(bytes!), StringComparison.Ordinal);
        // As for all commands: once more in the one that writes.
        Assert.Equal(2, demands);
        Assert.Empty(within);
    }

    [Theory]
    [InlineData("joann@example.net")]
    [InlineData("ann@example.net.org")]
    [InlineData("jo.ann@example.net")]
    [InlineData("jo-ann@example.net")]
    [InlineData("jo+ann@example.net")]
    [InlineData("'jo'ann@example.net'")]
    public async Task LongerAddresses_AreSomebodyElses_InTheLog_InImports_AndInKeptAnswers(string other)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await WriteAboutAsync(engine, 1, other);
        await WriteAboutAsync(engine, 2, $"'{Address}'");
        await WriteAboutAsync(engine, 3, $"\"Ann\" <{Address.ToUpperInvariant()}>, and her friends.");
        var look = await new ErasePerson(engine.Db, engine.Options).LookAsync(
            engine.Tenant.As(TenantRole.Admin),
            Address,
            CancellationToken.None
        );

        var erased = Assert.IsType<ErasePersonResult.Erased>(await engine.EraseAsync(Address));

        // Each is about its target, and its details name it.
        Assert.Equal((2, 2), (look!.Entries, erased.Entries));
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var entries = await db
            .AuditEntries.Where(row => row.Action == "thing.done")
            .OrderBy(row => row.Sequence)
            .ToListAsync();
        Assert.Equal([other, "", ""], entries.Select(row => row.TargetName));
        Assert.Equal([false, true, true], entries.Select(row => row.Details is null));
        Assert.Equal(
            [other, "", ""],
            await db.ContactImportLines.OrderBy(row => row.Line).Select(row => row.Email).ToListAsync()
        );
        Assert.Equal(
            [JsonSerializer.Serialize(new { email = other }), "{}", "{}"],
            await db.IdempotencyRecords.OrderBy(row => row.Key).Select(row => row.Body).ToListAsync()
        );
    }

    [Fact]
    public async Task Export_ShowsTheImportLines_AndTheFieldsThatWereFrozenForAMail_ThatAreThePersonsOwn()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await WriteAboutAsync(engine, 1, "joann@example.net");
        await WriteAboutAsync(engine, 2, Address);
        var ann = await engine.Database.AddContactAsync(engine.Tenant, Address);
        await engine.Database.SetFieldsAsync(engine.Tenant, ann, ("town", "Bergen"));
        await engine.LaunchAsync(html: "<p>{{fields.town}}</p>");
        await engine.Database.SetFieldsAsync(engine.Tenant, ann, ("town", "Oslo"));

        var bytes = await new ExportPerson(engine.Db).ExecuteAsync(
            engine.Tenant.As(TenantRole.Admin),
            Address,
            CancellationToken.None
        );

        using var document = JsonDocument.Parse(bytes!);
        var person = document.RootElement;
        Assert.Equal("Oslo", person.GetProperty("contact").GetProperty("fields").GetProperty("town").GetString());
        var mail = Assert.Single(person.GetProperty("mails").EnumerateArray());
        Assert.Equal("Bergen", mail.GetProperty("fields").GetProperty("town").GetString());
        Assert.Equal(
            [2],
            person.GetProperty("imports").EnumerateArray().Select(line => line.GetProperty("line").GetInt32())
        );
        Assert.DoesNotContain("joann", Encoding.UTF8.GetString(bytes!), StringComparison.Ordinal);
    }

    /// <summary>The last statement before the erasure's own transaction.</summary>
    private static bool EndsTheSearch(string text) =>
        text.StartsWith("SELECT", StringComparison.Ordinal)
        && text.Contains("\"EventDeliveries\"", StringComparison.Ordinal)
        && text.Contains("lower(", StringComparison.Ordinal);

    /// <summary>An event of the provider about this address that stands in no recipient's story.</summary>
    private static Task AddEventAsync(EngineHarness engine, string id, string address) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, _) =>
            {
                db.WebhookMessages.Add(
                    new WebhookMessage
                    {
                        TenantId = engine.Tenant.Id,
                        AccountId = engine.Database.AccountId,
                        MessageId = id,
                        Body = JsonSerializer.Serialize(new { to = new[] { address } }),
                        ReceivedAt = engine.Time.GetUtcNow(),
                        State = WebhookState.SetAside,
                    }
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );

    /// <summary>A delivery that an endpoint of its own answered with this text.</summary>
    private static Task AddDeliveryAsync(EngineHarness engine, int number, string text)
    {
        var endpoint = engine.Database.Ids.New();
        return engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, _) =>
            {
                db.EventEndpoints.Add(
                    new EventEndpoint
                    {
                        TenantId = engine.Tenant.Id,
                        Id = endpoint,
                        Slot = number,
                        Url = "https://example.org/events",
                        Events = ~0L,
                        State = EndpointState.Enabled,
                        Secret = "of a test",
                        CreatedBy = "test",
                        CreatedAt = engine.Time.GetUtcNow(),
                    }
                );
                db.EventDeliveries.Add(
                    new EventDelivery
                    {
                        TenantId = engine.Tenant.Id,
                        Id = engine.Database.Ids.New(),
                        EndpointId = endpoint,
                        Type = EventType.EndpointTest,
                        OccurredAt = engine.Time.GetUtcNow(),
                        State = DeliveryState.Failed,
                        LastTryAt = engine.Time.GetUtcNow(),
                        LastError = text,
                    }
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
    }

    /// <summary>An entry of the log, a line of an uploaded file, and the kept answer to a program, all with this text.</summary>
    private static async Task WriteAboutAsync(EngineHarness engine, int number, string text)
    {
        var import = new Guid(number, 0, 0, new byte[8]);
        await engine.Db.CommandAsync(
            engine.Tenant.As(TenantRole.Admin),
            TenantRole.Admin,
            (command, _) =>
            {
                command.Audit("thing.done", "thing", $"{number}", text, new { about = text });
                command.Db.ContactImports.Add(
                    new ContactImport
                    {
                        TenantId = command.TenantId,
                        Id = import,
                        FileName = "people.csv",
                        Status = ImportStatus.Completed,
                        StartedBy = "somebody",
                        CreatedAt = command.Now,
                    }
                );
                command.Db.ContactImportLines.Add(
                    new ContactImportLine
                    {
                        TenantId = command.TenantId,
                        ImportId = import,
                        Line = number,
                        Outcome = ImportLineOutcome.Rejected,
                        Email = text,
                        Reason = "No.",
                    }
                );
                command.Db.IdempotencyRecords.Add(
                    new IdempotencyRecord
                    {
                        TenantId = command.TenantId,
                        Path = "/api/v1/contacts",
                        Key = $"{number}",
                        BodyHash = "",
                        Status = 201,
                        Body = JsonSerializer.Serialize(new { email = text }),
                        CreatedAt = command.Now,
                    }
                );
                return Task.FromResult(true);
            },
            CancellationToken.None
        );
    }
}
