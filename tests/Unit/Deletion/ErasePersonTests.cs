using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Outbox;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Deletion;

/// <summary>A person who is erased is nowhere any more.</summary>
public sealed class ErasePersonTests
{
    private const string Address = "ada.erased+me@example.net";

    [Fact]
    public async Task Erased_IsNowhereInTheDatabase_AndTheLogIsWhole()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await TellAllAboutAsync(engine);
        Assert.NotEqual(0, await OccurrencesAsync(engine, Address));

        var result = Assert.IsType<ErasePersonResult.Erased>(await EraseAsync(engine));

        Assert.Equal((true, 2), (result.Contact, result.Mails));
        Assert.Equal(0, await OccurrencesAsync(engine, Address));
        // Nor as JSON may write it.
        Assert.Equal(0, await OccurrencesAsync(engine, "ada.erased"));
        Assert.Equal(0, await OccurrencesAsync(engine, "Adasurname"));
        var verdict = await VerifyAsync(engine);
        Assert.True(verdict.IsWhole, $"{verdict}");
    }

    [SqliteFact]
    public async Task Erased_IsNowhereInTheFile_ByteForByte()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await TellAllAboutAsync(engine);
        SqliteTemplate.ClearReaders(SqliteTemplate.ReadersOf(engine.Db));
        await EraseAsync(engine);

        foreach (var path in Directory.GetFiles(engine.Database.Folder, "portal.db*"))
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var bytes = new MemoryStream();
            await file.CopyToAsync(bytes);
            var text = Encoding.Latin1.GetString(bytes.ToArray()).ToLowerInvariant();
            Assert.Equal((path, -1), (path, text.IndexOf("ada.erased", StringComparison.Ordinal)));
            Assert.Equal((path, -1), (path, text.IndexOf("adasurname", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Export_HoldsEverything_AndIsAudited()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await TellAllAboutAsync(engine);

        var bytes = await new ExportPerson(engine.Db).ExecuteAsync(
            engine.Tenant.As(TenantRole.Admin),
            Address,
            CancellationToken.None
        );

        using var document = JsonDocument.Parse(bytes!);
        var person = document.RootElement;
        Assert.Equal("Adasurname", person.GetProperty("contact").GetProperty("last_name").GetString());
        Assert.Equal(
            ["campaign", "transactional"],
            person.GetProperty("mails").EnumerateArray().Select(mail => mail.GetProperty("kind").GetString()).Order()
        );
        Assert.All(
            person.GetProperty("mails").EnumerateArray(),
            mail => Assert.Equal(1, mail.GetProperty("attempts").GetArrayLength())
        );
        Assert.Equal(
            "Complained",
            person.GetProperty("suppression")[0].GetProperty("reason").GetString(),
            ignoreCase: true
        );
        Assert.NotEqual(0, person.GetProperty("log").GetArrayLength());
        var told = Assert.Single(person.GetProperty("events").EnumerateArray());
        Assert.Equal(2, person.GetProperty("deliveries").GetArrayLength());
        Assert.Equal(
            $"receipt-{Address}",
            Assert.Single(person.GetProperty("requests").EnumerateArray()).GetProperty("key").GetString()
        );
        Assert.Equal("set_aside", told.GetProperty("state").GetString());
        Assert.Contains(
            Address,
            JsonDocument.Parse(told.GetProperty("said").GetString()!).RootElement.GetProperty("to")[0].GetString(),
            StringComparison.Ordinal
        );
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.True(await db.AuditEntries.AnyAsync(entry => entry.Action == "person.exported"));
    }

    [Fact]
    public async Task Export_ReadsEveryTable_ThatErasureTouches()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await TellAllAboutAsync(engine);
        using var statements = StatementLog.Of(engine.Database.ConnectionString);
        await new ExportPerson(engine.Db).ExecuteAsync(
            engine.Tenant.As(TenantRole.Admin),
            Address,
            CancellationToken.None
        );
        var read = Tables(statements, "FROM|JOIN");

        await EraseAsync(engine);

        Assert.Empty(
            Tables(statements, "UPDATE|DELETE FROM")
                .Except(read)
                // By the contact, whose segments are told by name.
                .Except(["ContactTags", "SegmentContacts"])
        );

        static Regex Table(string verbs) =>
            new(
                $"""({verbs}) "(?<table>\w+)" """.TrimEnd(),
                RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
            );

        static List<string> Tables(StatementLog log, string verbs) =>
            [
                .. log.Take()
                    .SelectMany(text => Table(verbs).Matches(text))
                    .Select(match => match.Groups["table"].Value)
                    .Distinct(),
            ];
    }

    [Fact]
    public async Task Member_IsNotErased_BeforeTheyAreRemoved_AndWhatTheyDidToOthersStays()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var (owner, viewer) = (engine.Tenant.As(TenantRole.Owner), engine.Tenant.People[TenantRole.Viewer]);
        var added = Assert.IsType<AddMemberResult.Added>(
            await new AddMember(engine.Db).ExecuteAsync(owner, Address, TenantRole.Owner, CancellationToken.None)
        );
        // Who gave themselves no other name is called by their address.
        var member = new Caller(engine.Tenant.Scope, new Actor(ActorKind.User, added.UserId, Address, null));
        await new ChangeMemberRole(engine.Db).ExecuteAsync(member, viewer, TenantRole.Admin, CancellationToken.None);
        await new ChangeTenant(engine.Db).ExecuteAsync(member, new TenantChange("East", null), CancellationToken.None);

        Assert.IsType<ErasePersonResult.IsMember>(await EraseAsync(engine));
        Assert.Equal(3, await OccurrencesAsync(engine, Address));
        await new RemoveMember(engine.Db).ExecuteAsync(owner, added.UserId, CancellationToken.None);
        Assert.IsType<ErasePersonResult.Erased>(await EraseAsync(engine));

        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var log = await db.AuditEntries.OrderBy(entry => entry.Sequence).ToListAsync();
        var kept = Assert.Single(log, entry => entry.ActorName == Address);
        Assert.Equal(("member.role_changed", viewer.ToString()), (kept.Action, kept.TargetId));
        Assert.Equal(1, await OccurrencesAsync(engine, Address));
        var verdict = await VerifyAsync(engine);
        Assert.True(verdict.IsWhole, $"{verdict}");
    }

    [Fact]
    public async Task FormerMember_IsNamedInNoRow_WhateverTheyDid()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.FillAsync(engine.Tenant);
        var columns = 0;
        await engine.Db.WriteAsync(
            TenantScope.Installation,
            async (db, token) =>
            {
                await db.ContactImports.ExecuteUpdateAsync(
                    set => set.SetProperty(row => row.Status, ImportStatus.Completed),
                    token
                );
                foreach (var entity in Support.TenantTables.InOrder(db.Model))
                {
                    foreach (
                        var column in entity
                            .GetProperties()
                            .Where(column =>
                                column.ClrType == typeof(string) && column.Name.EndsWith("By", StringComparison.Ordinal)
                            )
                    )
                    {
                        columns++;
                        foreach (var row in await Support.TenantTables.RowsAsync(db, entity, engine.Tenant.Id))
                        {
                            db.Entry(row).Property(column.Name).CurrentValue = Address.ToUpperInvariant();
                        }
                    }
                }

                (await db.SuppressedAddresses.FirstAsync(row => row.TenantId == engine.Tenant.Id, token)).Detail =
                    $"By {Address}: they asked";
            },
            CancellationToken.None
        );
        Assert.InRange(await OccurrencesAsync(engine, Address), columns + 1, int.MaxValue);

        Assert.IsType<ErasePersonResult.Erased>(await EraseAsync(engine));

        Assert.Equal(0, await OccurrencesAsync(engine, Address));
        await using var read = engine.Db.Read(engine.Tenant.Scope);
        Assert.Contains(
            "By erased: they asked",
            await read.SuppressedAddresses.Select(row => row.Detail).ToListAsync()
        );
    }

    [Fact]
    public async Task EventThatCouldNotBeApplied_IsIgnoredAfterwards_AndForgottenWithTheOthers()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await TellAllAboutAsync(engine);
        await EraseAsync(engine);

        await using (var db = engine.Db.Read(engine.Tenant.Scope))
        {
            var row = await db.WebhookMessages.SingleAsync(one => one.MessageId == "msg_2");
            Assert.Equal((WebhookState.Ignored, "{}", WebhookNotes.PersonErased), (row.State, row.Body, row.Note));
        }

        engine.Time.Advance(ForgetEvents.Kept + TimeSpan.FromSeconds(1));
        Assert.Equal(2, await new ForgetEvents(engine.Db).RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task RequestWhoseKeyWasTheAddress_FindsItsRecordStill_AndSendsNothingAgain()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var key = $"invited-by-{Address.ToUpperInvariant()}";
        await engine.PostAsync(key, "bob@example.net");
        await engine.RunAsync();
        await EraseAsync(engine);

        await using (var db = engine.Db.Read(engine.Tenant.Scope))
        {
            Assert.DoesNotContain(
                await db.IdempotencyRecords.Select(row => row.Key).ToListAsync(),
                kept => kept.Contains(Address, StringComparison.OrdinalIgnoreCase)
            );
        }

        await Assert.ThrowsAsync<Ledgerpost.Audit.CommandAnsweredException>(() =>
            engine.TryPostAsync(key, "bob@example.net")
        );
        await engine.RunAsync();
        Assert.Single(engine.Provider.Mailed);
    }

    [Fact]
    public async Task RequestWhoseKeyAndAnswerNameThePerson_AreFoundInOneReading_AndBothForget()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactAsync(engine.Tenant, Address);
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, _) =>
            {
                db.IdempotencyRecords.AddRange(
                    Kept(Address, $$"""{"email":"{{Address}}"}"""),
                    Kept("of-somebody-else", """{"email":"bob@example.net"}""")
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
        using var statements = StatementLog.Of(engine.Database.ConnectionString);

        await EraseAsync(engine);

        // Of the whole table; within the locks only what is new is read once more.
        Assert.Single(
            statements.Take(),
            statement =>
                statement.StartsWith("SELECT", StringComparison.Ordinal)
                && statement.Contains("FROM \"IdempotencyRecords\"", StringComparison.Ordinal)
                && !statement.Contains("\"CreatedAt\" >=", StringComparison.Ordinal)
        );
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var kept = await db.IdempotencyRecords.ToDictionaryAsync(row => row.Key, row => row.Body);
        Assert.Equal("""{"email":"bob@example.net"}""", kept["of-somebody-else"]);
        Assert.Equal("{}", Assert.Single(kept, one => one.Key != "of-somebody-else").Value);
        Assert.DoesNotContain(kept.Keys, one => one.Contains(Address, StringComparison.OrdinalIgnoreCase));

        IdempotencyRecord Kept(string key, string body) =>
            new()
            {
                TenantId = engine.Tenant.Id,
                Path = "/api/v1/contacts",
                Key = key,
                BodyHash = "hash",
                Status = 200,
                Body = body,
                CreatedAt = engine.Time.GetUtcNow(),
            };
    }

    [Fact]
    public async Task Editor_NeitherExportsNorErases()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var editor = engine.Tenant.As(TenantRole.Editor);

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new ExportPerson(engine.Db).ExecuteAsync(editor, Address, CancellationToken.None)
        );
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new ErasePerson(engine.Db, engine.Options).ExecuteAsync(editor, Address, CancellationToken.None)
        );
    }

    private static Task<ErasePersonResult> EraseAsync(EngineHarness engine) => engine.EraseAsync(Address);

    /// <summary>A contact with a name, mailed by a campaign and by a program, who complained; and the log of it.</summary>
    private static async Task TellAllAboutAsync(EngineHarness engine)
    {
        var admin = engine.Tenant.As(TenantRole.Admin);
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        Assert.IsType<ContactOutcome.Saved>(
            await new AddContact(engine.Db).ExecuteAsync(
                admin,
                new ContactInput(
                    Address,
                    "Ada",
                    "Adasurname",
                    "vip",
                    new Dictionary<string, string?> { ["city"] = "Paris" }
                )
            )
        );
        await engine.LaunchAsync();
        await engine.PostAsync($"receipt-{Address}", Address);
        await engine.RunAsync();
        await engine.SuppressAsync(Address, reason: Ledgerpost.Suppression.SuppressionReason.Complained);
        await new UnsubscribeByLink(engine.Db, engine.Database.Ids).ExecuteAsync(
            new UnsubscribeTokens(new byte[32]).Seal(engine.Tenant.Id, "person1@example.net"),
            "192.0.2.9",
            CancellationToken.None
        );
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) =>
            {
                var row = await db.Recipients.FirstAsync(one => one.NormalizedEmail == Address, token);
                db.RecipientEvents.Add(
                    new RecipientEvent
                    {
                        TenantId = row.TenantId,
                        CampaignId = row.CampaignId,
                        RecipientNumber = row.Number,
                        Id = engine.Database.Ids.New(),
                        Type = "email.complained",
                        OccurredAt = engine.Time.GetUtcNow(),
                        ReceivedAt = engine.Time.GetUtcNow(),
                        Detail = $"{Address} said so",
                    }
                );
                db.WebhookMessages.Add(
                    new WebhookMessage
                    {
                        TenantId = row.TenantId,
                        AccountId = engine.Database.AccountId,
                        MessageId = "msg_1",
                        Body = $$"""{"to":["{{Address}}"]}""",
                        ReceivedAt = engine.Time.GetUtcNow(),
                        State = WebhookState.Applied,
                        CampaignId = row.CampaignId,
                        RecipientNumber = row.Number,
                    }
                );
                db.WebhookMessages.Add(
                    new WebhookMessage
                    {
                        TenantId = row.TenantId,
                        AccountId = engine.Database.AccountId,
                        MessageId = "msg_2",
                        // The plus is written as an escape.
                        Body = JsonSerializer.Serialize(new { to = new[] { $"Ada <{Address}>" } }),
                        ReceivedAt = engine.Time.GetUtcNow(),
                        State = WebhookState.SetAside,
                        Note = WebhookNotes.CannotBeApplied,
                    }
                );
                var endpoint = engine.Database.Ids.New();
                db.EventEndpoints.Add(
                    new EventEndpoint
                    {
                        TenantId = row.TenantId,
                        Id = endpoint,
                        Slot = 0,
                        Url = "https://example.org/events",
                        Events = ~0L,
                        State = EndpointState.Enabled,
                        Secret = "of a test",
                        CreatedBy = "test",
                        CreatedAt = engine.Time.GetUtcNow(),
                    }
                );
                db.EventDeliveries.Add(Delivery(email: Address, error: null));
                db.EventDeliveries.Add(Delivery(email: null, error: $"500: {Address} is not known here"));
                EventDelivery Delivery(string? email, string? error) =>
                    new()
                    {
                        TenantId = row.TenantId,
                        Id = engine.Database.Ids.New(),
                        EndpointId = endpoint,
                        Type = EventType.EndpointTest,
                        OccurredAt = engine.Time.GetUtcNow(),
                        State = DeliveryState.Failed,
                        Email = email,
                        LastError = error,
                    };

                await db.Attempts.ExecuteUpdateAsync(
                    set => set.SetProperty(one => one.Message, $"Invalid: {Address}"),
                    token
                );
            },
            CancellationToken.None
        );
    }

    private static async Task<int> OccurrencesAsync(EngineHarness engine, string text) =>
        (await engine.Database.DumpAsync(engine.Tenant.Id)).Count(row =>
            row.Contains(text, StringComparison.OrdinalIgnoreCase)
        );

    private static Task<AuditVerdict> VerifyAsync(EngineHarness engine) =>
        new VerifyAuditLog(
            engine.Db,
            TestDatabase.AuditKeys,
            new AuditAnchorFiles(Path.Combine(engine.Database.Folder, "anchors"))
        ).ExecuteAsync(engine.Tenant.Scope, CancellationToken.None);
}
