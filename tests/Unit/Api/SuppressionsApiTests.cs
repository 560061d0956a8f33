namespace UnitTests.Api;

/// <summary>Addresses to leave alone, by programs.</summary>
public sealed class SuppressionsApiTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    private ApiHost Api => portal.Api;

    [Fact]
    public async Task Address_IsAddedOnce_Listed_AndTakenOffByAnAdminsKeyAlone()
    {
        using var program = await Api.ProgramAsync(Api.North);
        using var sender = await Api.ProgramAsync(Api.North, "send", "read");
        await program.CreateAsync("contacts", new { email = "leave@example.net" });
        var body = new
        {
            email = "Leave@Example.net",
            reason = "unsubscribed",
            note = "by phone",
        };

        var added = await sender.CreateAsync("suppressions", body);
        var again = await sender.CreateAsync("suppressions", new { email = "leave@example.net", reason = "manual" });
        var contacts = await program.SendAsync(HttpMethod.Get, "contacts?subscribed=false&email=leave@example.net");
        var listed = await sender.SendAsync(HttpMethod.Get, "suppressions?email=LEAVE@example.net&reason=unsubscribed");
        var denied = await sender.SendAsync(HttpMethod.Delete, $"suppressions/{added.Text("id")}");
        var removed = await program.SendAsync(HttpMethod.Delete, $"suppressions/{added.Text("id")}");
        var gone = await program.SendAsync(HttpMethod.Delete, $"suppressions/{added.Text("id")}");

        Assert.Equal(
            (201, "leave@example.net", "By Test: by phone"),
            (added.Status, added.Text("email"), added.Text("detail"))
        );
        Assert.Equal((200, "unsubscribed", added.Text("id")), (again.Status, again.Text("reason"), again.Text("id")));
        Assert.Single(contacts.Body.GetProperty("data").EnumerateArray());
        Assert.Single(listed.Body.GetProperty("data").EnumerateArray());
        Assert.Equal((403, 204, 404), (denied.Status, removed.Status, gone.Status));
    }

    [Fact]
    public async Task Entry_ThatAWeightierOneReplaced_IsNotThereToBeTakenOff()
    {
        using var program = await Api.ProgramAsync(Api.North);
        var seen = await program.CreateAsync("suppressions", new { email = "later@example.net", reason = "manual" });
        var since = await program.CreateAsync(
            "suppressions",
            new { email = "later@example.net", reason = "unsubscribed" }
        );

        var stale = await program.SendAsync(HttpMethod.Delete, $"suppressions/{seen.Text("id")}");
        var listed = await program.SendAsync(HttpMethod.Get, "suppressions?email=later@example.net");
        var removed = await program.SendAsync(HttpMethod.Delete, $"suppressions/{since.Text("id")}");

        Assert.Equal((201, 404, 204), (since.Status, stale.Status, removed.Status));
        var entry = Assert.Single(listed.Body.GetProperty("data").EnumerateArray());
        Assert.Equal("unsubscribed", entry.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Address_WithFaults_IsToldOfAllAtOnce()
    {
        using var program = await Api.ProgramAsync(Api.North);

        var wrong = await program.CreateAsync(
            "suppressions",
            new
            {
                email = "nobody",
                reason = "complained",
                note = new string('x', 201),
            }
        );
        var unknown = await program.CreateAsync("suppressions", new { email = "a@example.net", reason = "bored" });
        var query = await program.SendAsync(HttpMethod.Get, "suppressions?reason=bored");

        Assert.Equal(["email", "note", "reason"], wrong.WrongFields.Order(StringComparer.Ordinal));
        Assert.Equal(["reason"], unknown.WrongFields);
        Assert.Equal(["reason"], query.WrongFields);
    }

    [Fact]
    public async Task Address_OfAnotherTenant_AnswersExactlyAsAnUnknownOne()
    {
        using var north = await Api.ProgramAsync(Api.North);
        using var south = await Api.ProgramAsync(Api.South);
        var body = new { email = "southern@example.net", reason = "manual" };
        var id = (await south.CreateAsync("suppressions", body)).Text("id");

        var foreign = await north.SendAsync(HttpMethod.Delete, $"suppressions/{id}");
        var unknown = await north.SendAsync(HttpMethod.Delete, $"suppressions/{Guid.NewGuid()}");
        var listed = await north.SendAsync(HttpMethod.Get, "suppressions?email=southern@example.net");
        var own = await north.CreateAsync("suppressions", body);

        Assert.Equal((404, unknown.Body.ToString()), (foreign.Status, foreign.Body.ToString()));
        Assert.Empty(listed.Body.GetProperty("data").EnumerateArray());
        Assert.Equal(201, own.Status);
    }
}
