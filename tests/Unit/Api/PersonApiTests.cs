using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Api;

/// <summary>What is held about a contact's person, and that it is forgotten, by programs.</summary>
public sealed class PersonApiTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    private ApiHost Api => portal.Api;

    [Fact]
    public async Task Record_HasWhatIsHeldOfThePerson_IsAudited_AndIsForAdminsAlone()
    {
        const string Address = "ada.record@example.net";
        using var program = await Api.ProgramAsync(Api.North);
        using var others = await Api.ProgramAsync(Api.North, "read", "contacts", "send");
        using var south = await Api.ProgramAsync(Api.South);
        var id = await AddAsync(program, Address);

        var denied = await others.SendAsync(HttpMethod.Get, $"contacts/{id}/record");
        var foreign = await south.SendAsync(HttpMethod.Get, $"contacts/{id}/record");
        var none = await south.SendAsync(HttpMethod.Get, $"contacts/{Guid.NewGuid()}/record");
        var record = await program.SendAsync(HttpMethod.Get, $"contacts/{id}/record");

        Assert.Equal((403, "insufficient_scope"), (denied.Status, denied.Code));
        Assert.Equal((404, "not_found"), (foreign.Status, foreign.Code));
        Assert.Equal(none.Body.ToString(), foreign.Body.ToString());
        Assert.Equal((200, "application/json", Address), (record.Status, record.MediaType, record.Text("address")));
        Assert.Equal(id, record.Body.GetProperty("contact").GetProperty("id").GetString());
        Assert.Equal("no-store", record.Headers["Cache-Control"]);
        var entry = Assert.Single(await EntriesAsync("person.exported"));
        Assert.Equal(ActorKind.Program, entry);
    }

    [Fact]
    public async Task Person_IsErasedOnce_AndTheRequestsKeyKeepsNoWordOfThem()
    {
        const string Address = "ada.erased@example.net";
        const string Key = $"erase-{Address}";
        using var program = await Api.ProgramAsync(Api.North);
        using var others = await Api.ProgramAsync(Api.North, "read", "contacts", "send");
        using var south = await Api.ProgramAsync(Api.South);
        var id = await AddAsync(program, Address);
        var path = $"contacts/{id}/erase";

        var denied = await others.CreateAsync(path, null, Key);
        var foreign = await south.CreateAsync(path, null, Key);
        var none = await south.CreateAsync($"contacts/{Guid.NewGuid()}/erase", null, Key);
        var erased = await program.CreateAsync(path, null, Key);
        var again = await program.CreateAsync(path, null, Key);
        var late = await program.CreateAsync(path, null, "another");
        var gone = await program.SendAsync(HttpMethod.Get, $"contacts/{id}");
        var back = await program.CreateAsync("contacts", new { email = Address });

        Assert.Equal((403, "insufficient_scope"), (denied.Status, denied.Code));
        Assert.Equal((404, "not_found"), (foreign.Status, foreign.Code));
        Assert.Equal(none.Body.ToString(), foreign.Body.ToString());
        Assert.Equal((200, false, "0"), (erased.Status, erased.WasReplayed, erased.Text("mails")));
        Assert.Equal((200, true), (again.Status, again.WasReplayed));
        Assert.Equal(erased.Body.ToString(), again.Body.ToString());
        Assert.Equal((404, "not_found"), (late.Status, late.Code));
        Assert.Equal(404, gone.Status);
        Assert.Equal((422, "email"), (back.Status, Assert.Single(back.WrongFields)));
        Assert.Equal(ActorKind.Program, Assert.Single(await EntriesAsync("person.erased")));
        await using var db = Api.Host.Get<PortalDb>().Read(Api.North.Caller.Scope);
        var kept = await db
            .IdempotencyRecords.Where(row => row.Path == $"/api/v1/contacts/{id}/erase")
            .Select(row => row.Key)
            .SingleAsync();
        Assert.DoesNotContain(Address, kept, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Person_WhoCannotBeErasedNow_IsLeftAsTheyAre_AndTheAnswerSaysWhy()
    {
        await using var api = await ApiHost.StartAsync();
        await api.StopLoopsAsync();
        using var program = await api.ProgramAsync(api.North);
        var sender = await api.AddSenderAsync();
        var member = await AddAsync(program, "owner@north.test");
        var doubtful = await AddAsync(program, "ada@example.net");
        await program.CreateAsync(
            "emails",
            new
            {
                to = "ada@example.net",
                subject = "Receipt",
                text = "Thank you.",
                sender_id = sender,
            },
            "order-1"
        );
        await api
            .Host.Get<PortalDb>()
            .WriteAsync(
                api.North.Caller.Scope,
                (db, token) =>
                    db.Recipients.ExecuteUpdateAsync(
                        set => set.SetProperty(row => row.State, RecipientState.InDoubt),
                        token
                    ),
                CancellationToken.None
            );

        var isMember = await program.CreateAsync($"contacts/{member}/erase", null, "erase-1");
        var inDoubt = await program.CreateAsync($"contacts/{doubtful}/erase", null, "erase-2");
        using var file = new StringContent("email\ngrace@example.net\n");
        using var form = new MultipartFormDataContent { { file, "file", "people.csv" } };
        await program.CreateAsync("contacts/imports", form);
        var importing = await program.CreateAsync($"contacts/{doubtful}/erase", null, "erase-2");

        Assert.Equal((409, "person_is_member"), (isMember.Status, isMember.Code));
        Assert.Equal((409, "mail_in_doubt"), (inDoubt.Status, inDoubt.Code));
        Assert.Equal((409, "import_running", false), (importing.Status, importing.Code, importing.WasReplayed));
        Assert.Equal(200, (await program.SendAsync(HttpMethod.Get, $"contacts/{member}")).Status);
        Assert.Equal(200, (await program.SendAsync(HttpMethod.Get, $"contacts/{doubtful}")).Status);
    }

    private static async Task<string> AddAsync(HttpClient program, string email)
    {
        var added = await program.CreateAsync("contacts", new { email });
        Assert.Equal(201, added.Status);
        return added.Text("id")!;
    }

    private async Task<List<ActorKind>> EntriesAsync(string action)
    {
        await using var db = Api.Host.Get<PortalDb>().Read(Api.North.Caller.Scope);
        return await db
            .AuditEntries.Where(entry => entry.Action == action)
            .Select(entry => entry.ActorKind)
            .ToListAsync();
    }
}
