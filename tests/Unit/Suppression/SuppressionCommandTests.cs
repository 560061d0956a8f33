using Ledgerpost.Contacts;
using Ledgerpost.Deletion;
using Ledgerpost.Segments;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Suppression;

public sealed class SuppressionCommandTests
{
    [Fact]
    public async Task Add_ThenRemove_IsAuditedBothTimes_AndStaysInItsTenant()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var (add, remove) = (new AddSuppression(database.Db), new RemoveSuppression(database.Db));
        var list = new SuppressionList(database.Db);

        Assert.IsType<SuppressionOutcome.Added>(
            await add.ExecuteAsync(
                north.As(TenantRole.Admin),
                "Ada@Example.NET",
                SuppressionReason.Unsubscribed,
                "by phone"
            )
        );

        var row = Assert.Single((await list.ExecuteAsync(north.As(TenantRole.Viewer), "ADA", null, 0, 10)).Rows);
        Assert.Equal("ada@example.net", row.Email);
        Assert.EndsWith(": by phone", row.Detail, StringComparison.Ordinal);
        Assert.Equal(0, (await list.ExecuteAsync(south.As(TenantRole.Viewer), null, null, 0, 10)).Total);
        Assert.IsType<SuppressionOutcome.NotFound>(await remove.ExecuteAsync(south.As(TenantRole.Owner), row.Id));
        Assert.IsType<SuppressionOutcome.Removed>(await remove.ExecuteAsync(north.As(TenantRole.Admin), row.Id));
        await using var db = database.Db.Read(north.Scope);
        Assert.Equal(
            ["suppression.added", "suppression.removed"],
            await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync()
        );
    }

    [Fact]
    public async Task Add_OfAnAddressWithAWeightierReason_ChangesNothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.Db.WriteAsync(
            tenant.Scope,
            (db, token) =>
                Suppress.AddAsync(
                    db,
                    tenant.Id,
                    "ada@example.net",
                    SuppressionReason.Complained,
                    null,
                    database.Time.GetUtcNow(),
                    database.Ids,
                    token
                ),
            CancellationToken.None
        );

        Assert.Equal(
            new SuppressionOutcome.AlreadyThere(SuppressionReason.Complained),
            await new AddSuppression(database.Db).ExecuteAsync(
                tenant.As(TenantRole.Admin),
                "ada@example.net",
                SuppressionReason.Manual,
                null
            )
        );
    }

    [Fact]
    public async Task Add_OfAnErasedPersonsAddress_SaysThatItIsNotMailedAlready()
    {
        await using var database = await TestDatabase.CreateAsync();
        var admin = (await database.AddTenantAsync("north")).As(TenantRole.Admin);
        await new ErasePerson(database.Db, new SendingOptions()).ExecuteAsync(admin, "ada@example.net", default);

        var outcome = await new AddSuppression(database.Db).ExecuteAsync(
            admin,
            "ada@example.net",
            SuppressionReason.Manual,
            null
        );

        Assert.Equal(
            [new FieldError("Email", ErasedPeople.NotMailed)],
            Assert.IsType<SuppressionOutcome.Invalid>(outcome).Errors
        );
    }

    [Theory]
    [InlineData(SuppressionReason.Manual)]
    [InlineData(SuppressionReason.Bounced)]
    public async Task Remove_OfWhatBecameAnUnsubscriptionSinceItWasSeen_ChangesNothing(SuppressionReason seen)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var admin = engine.Tenant.As(TenantRole.Admin);
        await engine.Database.AddContactAsync(engine.Tenant, "ada@example.net");
        await engine.SuppressAsync("ada@example.net", reason: seen);
        var listed = Assert.Single((await ContactsAsync()).Rows);

        await engine.SuppressAsync("ada@example.net");
        var lifted = await new RemoveSuppression(engine.Db).ExecuteAsync(admin, listed.SuppressionId!.Value);

        Assert.IsType<SuppressionOutcome.NotFound>(lifted);
        var now = Assert.Single((await ContactsAsync()).Rows);
        Assert.Equal((seen, SuppressionReason.Unsubscribed), (listed.Suppression, now.Suppression));
        Assert.IsType<SuppressionOutcome.Removed>(
            await new RemoveSuppression(engine.Db).ExecuteAsync(admin, now.SuppressionId!.Value)
        );

        Task<ContactPage> ContactsAsync() =>
            new ContactList(engine.Db).ExecuteAsync(admin, new ContactFilter(), ContactSort.Newest, 0, 10);
    }

    [Theory]
    [InlineData("nonsense", SuppressionReason.Manual, null, "Email")]
    [InlineData("ada@example.net", SuppressionReason.Bounced, null, "Reason")]
    [InlineData("ada@example.net", SuppressionReason.Manual, "a\nb", "Note")]
    public async Task Add_OfWhatCannotBe_NamesTheField(
        string email,
        SuppressionReason reason,
        string? note,
        string field
    )
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");

        var outcome = await new AddSuppression(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Admin),
            email,
            reason,
            note
        );

        Assert.Equal(field, Assert.Single(Assert.IsType<SuppressionOutcome.Invalid>(outcome).Errors).Field);
    }

    [Fact]
    public async Task Commands_ByAnEditor_AreRefused()
    {
        await using var database = await TestDatabase.CreateAsync();
        var editor = (await database.AddTenantAsync("north")).As(TenantRole.Editor);

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new AddSuppression(database.Db).ExecuteAsync(editor, "ada@example.net", SuppressionReason.Manual, null)
        );
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new RemoveSuppression(database.Db).ExecuteAsync(editor, Guid.NewGuid())
        );
    }
}
