namespace UnitTests.Api;

/// <summary>Domains and senders, with the emulator as the mail provider.</summary>
public sealed class SendersApiTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    private ApiHost Api => portal.Api;

    [Fact]
    public async Task Domain_IsAddedWithItsRecords_Verified_GetsASender_AndGoesWithIt()
    {
        using var program = await Api.ProgramAsync(Api.North);
        var body = new { name = "mail.north.example", region = "eu-west-1" };

        var added = await program.CreateAsync("domains", body, "domain-1");
        var replayed = await program.CreateAsync("domains", body, "domain-1");
        var id = added.Text("id");
        var taken = await program.CreateAsync("domains", body, "domain-2");
        var verified = await program.CreateAsync($"domains/{id}/verify", null);
        var sender = await program.CreateAsync(
            "senders",
            new
            {
                domain_id = id,
                local_part = "News",
                display_name = "North",
                reply_to = "Hello@north.example",
            }
        );
        var path = $"senders/{sender.Text("id")}";
        var changed = await program.SendAsync(HttpMethod.Patch, path, new { display_name = "The North" });
        var cleared = await program.SendAsync(HttpMethod.Patch, path, new { reply_to = (string?)null });
        var listed = await program.SendAsync(HttpMethod.Get, "senders");
        var removed = await program.SendAsync(HttpMethod.Delete, $"domains/{id}");
        var gone = await program.SendAsync(HttpMethod.Patch, path, new { display_name = "Nobody" });

        Assert.Equal(
            (201, "mail.north.example", "eu-west-1"),
            (added.Status, added.Text("name"), added.Text("region"))
        );
        Assert.Equal((201, true, id), (replayed.Status, replayed.WasReplayed, replayed.Text("id")));
        Assert.Equal((422, "name"), (taken.Status, Assert.Single(taken.WrongFields)));
        var records = added.Body.GetProperty("records").EnumerateArray().ToList();
        Assert.NotEmpty(records);
        Assert.All(records, record => Assert.False(string.IsNullOrEmpty(record.GetProperty("ttl").GetString())));
        Assert.Contains(
            records,
            record => record.GetProperty("type").GetString() == "MX" && record.GetProperty("priority").GetInt32() > 0
        );
        Assert.Equal(200, verified.Status);
        Assert.Equal((201, "news@mail.north.example"), (sender.Status, sender.Text("address")));
        Assert.Equal(("The North", "Hello@north.example"), (changed.Text("display_name"), changed.Text("reply_to")));
        Assert.Equal(("The North", ""), (cleared.Text("display_name"), cleared.Text("reply_to")));
        Assert.Contains("news@mail.north.example", listed.Body.ToString(), StringComparison.Ordinal);
        Assert.Equal((204, 404), (removed.Status, gone.Status));
    }

    [Fact]
    public async Task Changes_OfDifferentFieldsAtOneMoment_AreAllKept()
    {
        using var program = await Api.ProgramAsync(Api.North);
        var domain = await program.CreateAsync("domains", new { name = "moment.north.example" });
        var sender = await program.CreateAsync("senders", new { domain_id = domain.Text("id"), local_part = "news" });
        var path = $"senders/{sender.Text("id")}";
        for (var round = 0; round < 25; round++)
        {
            var (name, replyTo) = ($"The North {round}", $"r{round}@north.example");
            await Task.WhenAll(
                program.SendAsync(HttpMethod.Patch, path, new { display_name = name }),
                program.SendAsync(HttpMethod.Patch, path, new { reply_to = replyTo })
            );

            var kept = await program.SendAsync(HttpMethod.Patch, path, new { });
            Assert.Equal((name, replyTo), (kept.Text("display_name"), kept.Text("reply_to")));
        }
    }

    [Fact]
    public async Task DomainOrSender_WithFaults_IsToldOfThem()
    {
        using var program = await Api.ProgramAsync(Api.North);
        using var reader = await Api.ProgramAsync(Api.North, "read", "send");

        var region = await program.CreateAsync("domains", new { region = "moon-1" });
        var name = await program.CreateAsync("domains", new { name = "not a domain" });
        var sender = await program.CreateAsync(
            "senders",
            new
            {
                domain_id = Guid.NewGuid(),
                local_part = "a@b",
                display_name = new string('x', 101),
                reply_to = "no",
            }
        );
        var denied = await reader.CreateAsync("domains", new { name = "mail.reader.example" });

        Assert.Equal(["name", "region"], region.WrongFields.Order(StringComparer.Ordinal));
        Assert.Equal(["name"], name.WrongFields);
        Assert.Equal(
            ["display_name", "domain_id", "local_part", "reply_to"],
            sender.WrongFields.Order(StringComparer.Ordinal)
        );
        Assert.Equal((403, "insufficient_scope"), (denied.Status, denied.Code));
        Assert.Equal(200, (await reader.SendAsync(HttpMethod.Get, "domains")).Status);
    }

    [Fact]
    public async Task DomainAndSender_OfAnotherTenant_AnswerExactlyAsUnknownOnes()
    {
        using var north = await Api.ProgramAsync(Api.North);
        using var south = await Api.ProgramAsync(Api.South);
        var domain = (await south.CreateAsync("domains", new { name = "mail.south.example" })).Text("id");
        var sender = (await south.CreateAsync("senders", new { domain_id = domain, local_part = "news" })).Text("id");
        var none = Guid.NewGuid().ToString();

        foreach (
            var (method, path, id) in new[]
            {
                (HttpMethod.Get, "domains/{0}", domain),
                (HttpMethod.Post, "domains/{0}/verify", domain),
                (HttpMethod.Delete, "domains/{0}", domain),
                (HttpMethod.Patch, "senders/{0}", sender),
                (HttpMethod.Delete, "senders/{0}", sender),
            }
        )
        {
            var body = method == HttpMethod.Patch ? new { display_name = "Eve" } : null;
            var foreign = await north.SendAsync(method, path.Replace("{0}", id, StringComparison.Ordinal), body);
            var unknown = await north.SendAsync(method, path.Replace("{0}", none, StringComparison.Ordinal), body);
            Assert.Equal((404, unknown.Body.ToString()), (foreign.Status, foreign.Body.ToString()));
        }

        var taken = await north.CreateAsync("senders", new { domain_id = domain, local_part = "news" });
        Assert.Equal(["domain_id"], taken.WrongFields);
        Assert.DoesNotContain(
            "south",
            (await north.SendAsync(HttpMethod.Get, "senders")).Body.ToString(),
            StringComparison.Ordinal
        );
        Assert.Equal(200, (await south.SendAsync(HttpMethod.Get, $"domains/{domain}")).Status);
    }
}
