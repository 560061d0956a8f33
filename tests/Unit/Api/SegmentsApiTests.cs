namespace UnitTests.Api;

/// <summary>Segments, by programs.</summary>
public sealed class SegmentsApiTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    private ApiHost Api => portal.Api;

    [Fact]
    public async Task Segment_WithARule_IsMade_Counted_Changed_AndDeleted()
    {
        using var program = await Api.ProgramAsync(Api.North, "contacts", "read");
        await program.CreateAsync("contacts", new { email = "one@example.net", tags = new[] { "red" } });
        await program.CreateAsync("contacts", new { email = "two@example.net", tags = new[] { "red", "blue" } });

        var made = await program.CreateAsync(
            "segments",
            new { name = "Colours", rule = new { match = "all", tags = new[] { "red", "blue" } } }
        );
        var path = $"segments/{made.Text("id")}";
        var counted = await program.SendAsync(HttpMethod.Get, path);
        var changed = await program.SendAsync(HttpMethod.Patch, path, new { rule = new { tags = new[] { "red" } } });
        var recounted = await program.SendAsync(HttpMethod.Get, path);
        var ruled = await program.CreateAsync($"{path}/contacts", new { contact_ids = new[] { Guid.NewGuid() } });
        var taken = await program.CreateAsync("segments", new { name = "Colours" });
        var listed = await program.SendAsync(HttpMethod.Get, "segments?limit=200");
        var deleted = await program.SendAsync(HttpMethod.Delete, path);
        var gone = await program.SendAsync(HttpMethod.Get, path);

        Assert.Equal((201, "all"), (made.Status, made.Body.GetProperty("rule").GetProperty("match").GetString()));
        Assert.Equal(("1", "1"), (counted.Text("contacts"), counted.Text("subscribed")));
        Assert.Equal("any", changed.Body.GetProperty("rule").GetProperty("match").GetString());
        Assert.Equal(("Colours", "2"), (recounted.Text("name"), recounted.Text("contacts")));
        Assert.Equal((409, "segment_has_rule"), (ruled.Status, ruled.Code));
        Assert.Equal((422, "name"), (taken.Status, Assert.Single(taken.WrongFields)));
        Assert.Contains("Colours", listed.Body.ToString(), StringComparison.Ordinal);
        Assert.Equal((204, 404), (deleted.Status, gone.Status));
    }

    [Fact]
    public async Task Changes_OfDifferentFieldsAtOneMoment_AreAllKept()
    {
        using var program = await Api.ProgramAsync(Api.North);
        var rule = new { tags = new[] { "old" } };
        var made = await program.CreateAsync("segments", new { name = "Moment", rule });
        var path = $"segments/{made.Text("id")}";
        for (var round = 0; round < 25; round++)
        {
            var (name, tag) = ($"Moment {round}", $"tag{round}");
            var replies = await Task.WhenAll(
                program.SendAsync(HttpMethod.Patch, path, new { name }),
                program.SendAsync(HttpMethod.Patch, path, new { rule = new { tags = new[] { tag } } })
            );

            Assert.All(replies, reply => Assert.Equal(200, reply.Status));
            var kept = await program.SendAsync(HttpMethod.Get, path);
            Assert.Equal(
                (name, tag),
                (kept.Text("name"), kept.Body.GetProperty("rule").GetProperty("tags")[0].GetString())
            );
        }
    }

    [Fact]
    public async Task Tags_AreEachTakenByThemselves()
    {
        using var program = await Api.ProgramAsync(Api.North);

        foreach (var tags in new string?[][] { ["a,b"], ["a;b"], ["a", null], ["a", " "] })
        {
            var made = await program.CreateAsync("segments", new { name = "Of tags", rule = new { tags } });
            var contact = await program.CreateAsync("contacts", new { email = "tags@example.net", tags });
            Assert.Equal((422, "rule.tags"), (made.Status, Assert.Single(made.WrongFields)));
            Assert.Equal((422, "tags"), (contact.Status, Assert.Single(contact.WrongFields)));
        }

        var added = await program.CreateAsync(
            "contacts",
            new { email = "tags@example.net", tags = new[] { "One", "one", "two" } }
        );
        var changed = await program.SendAsync(
            HttpMethod.Patch,
            $"contacts/{added.Text("id")}",
            new { tags = new[] { "a,b" } }
        );
        var kept = await program.SendAsync(
            HttpMethod.Patch,
            $"contacts/{added.Text("id")}",
            new { first_name = "Ada" }
        );
        Assert.Equal(422, changed.Status);
        Assert.Equal(
            ["one", "two"],
            kept.Body.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Segment_WithoutARule_HoldsWhoIsNamed_OfItsOwnTenantAlone()
    {
        using var program = await Api.ProgramAsync(Api.North);
        using var south = await Api.ProgramAsync(Api.South);
        var own = (await program.CreateAsync("contacts", new { email = "named@example.net" })).Text("id");
        var foreign = (await south.CreateAsync("contacts", new { email = "named@example.net" })).Text("id");
        var path = $"segments/{(await program.CreateAsync("segments", new { name = "Named" })).Text("id")}";

        var added = await program.CreateAsync($"{path}/contacts", new { contact_ids = new[] { own } });
        var again = await program.CreateAsync($"{path}/contacts", new { contact_ids = new[] { own } });
        var wrong = await program.CreateAsync($"{path}/contacts", new { contact_ids = new[] { own, foreign } });
        var none = await program.CreateAsync($"{path}/contacts", new { contact_ids = Array.Empty<Guid>() });
        var ruled = await program.SendAsync(HttpMethod.Patch, path, new { rule = new { tags = new[] { "red" } } });
        var members = await program.SendAsync(HttpMethod.Get, $"contacts?segment_id={path[9..]}");
        var removed = await program.SendAsync(HttpMethod.Delete, $"{path}/contacts/{own}");
        var gone = await program.SendAsync(HttpMethod.Delete, $"{path}/contacts/{own}");

        Assert.Equal((200, "1", "0"), (added.Status, added.Text("added"), again.Text("added")));
        Assert.Equal((422, "contact_ids"), (wrong.Status, Assert.Single(wrong.WrongFields)));
        Assert.Equal((422, "contact_ids"), (none.Status, Assert.Single(none.WrongFields)));
        Assert.Equal((422, "rule"), (ruled.Status, Assert.Single(ruled.WrongFields)));
        Assert.Single(members.Body.GetProperty("data").EnumerateArray());
        Assert.Equal((204, 404), (removed.Status, gone.Status));
    }

    [Fact]
    public async Task Segment_WithFaults_OrOfAnotherTenant_IsRefused()
    {
        using var north = await Api.ProgramAsync(Api.North);
        using var south = await Api.ProgramAsync(Api.South);
        using var reader = await Api.ProgramAsync(Api.North, "read");
        var id = (await south.CreateAsync("segments", new { name = "Southern" })).Text("id");
        var none = Guid.NewGuid();

        var wrong = await north.CreateAsync(
            "segments",
            new
            {
                name = " ",
                rule = new { tags = Array.Empty<string>() },
                size = 3,
            }
        );
        var match = await north.CreateAsync("segments", new { name = "Odd", rule = new { match = "named" } });
        var denied = await reader.CreateAsync("segments", new { name = "Mine" });
        foreach (
            var (method, path, body) in new (HttpMethod, string, object?)[]
            {
                (HttpMethod.Get, "", null),
                (HttpMethod.Patch, "", new { name = "Mine" }),
                (HttpMethod.Delete, "", null),
                (HttpMethod.Post, "/contacts", new { contact_ids = new[] { none } }),
                (HttpMethod.Delete, $"/contacts/{none}", null),
            }
        )
        {
            var foreign = await north.SendAsync(method, $"segments/{id}{path}", body);
            var unknown = await north.SendAsync(method, $"segments/{none}{path}", body);
            Assert.Equal((404, unknown.Body.ToString()), (foreign.Status, foreign.Body.ToString()));
        }

        Assert.Equal(["name", "rule.tags", "size"], wrong.WrongFields.Order(StringComparer.Ordinal));
        Assert.Equal(["rule"], match.WrongFields);
        Assert.Equal((403, "insufficient_scope"), (denied.Status, denied.Code));
        Assert.Equal(200, (await south.SendAsync(HttpMethod.Get, $"segments/{id}")).Status);
    }
}
