using Ledgerpost.Contacts;
using Ledgerpost.Segments;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Contacts;

public sealed class ContactFieldsTests
{
    [Fact]
    public async Task Fields_AddedChangedAndLeftAlone_StandAtTheContactAndInTheLog()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var editor = tenant.As(TenantRole.Editor);
        var saved = await new AddContact(database.Db).ExecuteAsync(
            editor,
            Ada(("town", " Bergen "), ("plan_2", "“gold” & 'more'"), ("empty", "  "))
        );
        var id = Assert.IsType<ContactOutcome.Saved>(saved).ContactId;
        var list = new ContactList(database.Db);

        var added = (await list.FindAsync(editor, id))!;
        Assert.Equal([("plan_2", "“gold” & 'more'"), ("town", "Bergen")], Pairs(added));
        database.Time.Advance(TimeSpan.FromMinutes(1));
        await ChangeAsync(database, editor, added, Ada(("town", "Oslo")));
        var changed = (await list.FindAsync(editor, id))!;
        Assert.Equal([("town", "Oslo")], Pairs(changed));
        await ChangeAsync(database, editor, changed, new("ada@example.net", "Ada", null, null));
        var named = (await list.FindAsync(editor, id))!;
        Assert.Equal(("Ada", 1), (named.FirstName, named.Fields.Count));
        await ChangeAsync(database, editor, named, Ada());
        Assert.Empty((await list.FindAsync(editor, id))!.Fields);

        await using var db = database.Db.Read(tenant.Scope);
        var details = await db
            .AuditEntries.Where(entry => entry.Action == "contact.changed")
            .OrderBy(entry => entry.Sequence)
            .Select(entry => entry.Details)
            .FirstAsync();
        Assert.Contains("plan_2: “gold” & 'more', town: Bergen", details, StringComparison.Ordinal);
        Assert.Contains("\"fields\":\"town: Oslo\"", details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Save_OfTheSameFieldsInAnotherOrder_IsNoChange()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var editor = tenant.As(TenantRole.Editor);
        var saved = await new AddContact(database.Db).ExecuteAsync(editor, Ada(("a", "1"), ("b", "2")));
        var id = Assert.IsType<ContactOutcome.Saved>(saved).ContactId;
        var before = (await new ContactList(database.Db).FindAsync(editor, id))!;
        database.Time.Advance(TimeSpan.FromMinutes(1));

        await ChangeAsync(database, editor, before, Ada(("b", "2"), ("a", "1")));

        Assert.Equal(before.UpdatedAt, (await new ContactList(database.Db).FindAsync(editor, id))!.UpdatedAt);
    }

    [Theory]
    [InlineData("Town", "x", "Fields")]
    [InlineData("1st", "x", "Fields")]
    [InlineData("", "x", "Fields")]
    [InlineData("town\n", "x", "Fields")]
    [InlineData("a23456789012345678901234567890123456789012", "x", "Fields")]
    [InlineData("town", "a\nb", "Fields.town")]
    [InlineData("town", "a\u202eb", "Fields.town")]
    public async Task Add_OfWhatIsNoField_NamesIt(string name, string value, string field)
    {
        await using var database = await TestDatabase.CreateAsync();
        var editor = (await database.AddTenantAsync("north")).As(TenantRole.Editor);

        var outcome = await new AddContact(database.Db).ExecuteAsync(editor, Ada((name, value)));

        Assert.Equal(field, Assert.Single(Assert.IsType<ContactOutcome.Invalid>(outcome).Errors).Field);
    }

    [Fact]
    public async Task Add_WithTooMuch_IsRefused_AndWithAsMuchAsFits_IsNot()
    {
        await using var database = await TestDatabase.CreateAsync();
        var editor = (await database.AddTenantAsync("north")).As(TenantRole.Editor);
        var add = new AddContact(database.Db);
        var most = Enumerable.Range(0, 50).Select(i => ($"f{i}", new string('x', 1000))).ToArray();

        var tooMany = await add.ExecuteAsync(editor, Ada([.. most, ("one_more", "x")]));
        var tooLong = await add.ExecuteAsync(editor, Ada(("town", new string('x', 1001))));

        Assert.Equal("Fields", Assert.Single(Assert.IsType<ContactOutcome.Invalid>(tooMany).Errors).Field);
        Assert.Equal("Fields.town", Assert.Single(Assert.IsType<ContactOutcome.Invalid>(tooLong).Errors).Field);
        Assert.IsType<ContactOutcome.Saved>(await add.ExecuteAsync(editor, Ada(most)));
    }

    private static ContactInput Ada(params (string Name, string Value)[] fields) =>
        new(
            "ada@example.net",
            null,
            null,
            null,
            fields.ToDictionary(field => field.Name, string? (field) => field.Value, StringComparer.Ordinal)
        );

    private static async Task ChangeAsync(TestDatabase database, Caller editor, ContactRow row, ContactInput input) =>
        Assert.IsType<ContactOutcome.Saved>(
            await new ChangeContact(database.Db).ExecuteAsync(editor, row.Id, row.UpdatedAt, input)
        );

    private static IEnumerable<(string, string)> Pairs(ContactRow row) =>
        row.Fields.Select(field => (field.Key, field.Value));
}
