using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using UnitTests.Support;

namespace UnitTests.Api;

/// <summary>Requests that get no further than the door: what their answers say, and that nothing is left of them.</summary>
public sealed class RefusalTests
{
    [Fact]
    public async Task Headers_SayWhenTheMinuteIsOver_AndThenTheKeyIsLetInAgain()
    {
        var time = new ManualTime(TimeProvider.System.GetUtcNow());
        await using var api = await ApiHost.StartAsync(builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(time);
            builder.Configuration["Api:RequestsPerMinute"] = "2";
        });
        await api.StopLoopsAsync();
        using var program = await api.ProgramAsync(api.North);

        var first = await AskAsync();
        time.Advance(TimeSpan.FromSeconds(18.5));
        var second = await AskAsync();
        var refused = await program.SendAsync(HttpMethod.Get, "contacts");
        time.Advance(TimeSpan.FromSeconds(41.5));
        var next = await AskAsync();

        Assert.Equal(((200, "2", "1", "60"), (200, "2", "0", "42")), (first, second));
        Assert.Equal(
            (429, "2", "0", "42", "42"),
            (
                refused.Status,
                refused.Headers["RateLimit-Limit"],
                refused.Headers["RateLimit-Remaining"],
                refused.Headers["RateLimit-Reset"],
                refused.Headers["Retry-After"]
            )
        );
        Assert.Equal((200, "2", "1", "60"), next);

        async Task<(int, string, string, string)> AskAsync()
        {
            var reply = await program.SendAsync(HttpMethod.Get, "contacts");
            return (
                reply.Status,
                reply.Headers["RateLimit-Limit"],
                reply.Headers["RateLimit-Remaining"],
                reply.Headers["RateLimit-Reset"]
            );
        }
    }

    [Fact]
    public async Task NothingIsStored_UnderTheKeyOfARequest_ThatGot401_429_Or503()
    {
        var database = new DatabaseThatIsAway();
        await using var api = await ApiHost.StartAsync(builder =>
        {
            builder.Services.AddSingleton<StorageFaults>(database);
            builder.Configuration["Api:RequestsPerMinute"] = "2";
        });
        await api.StopLoopsAsync();
        using var stranger = api.Client("lp_nobodys");
        using var program = await api.ProgramAsync(api.North);
        await program.SendAsync(HttpMethod.Get, "contacts");
        var body = new { email = "ada@example.net" };

        var unknown = await stranger.CreateAsync("contacts", body, "once");
        database.IsAway = true;
        var unavailable = await program.CreateAsync("contacts", body, "once");
        database.IsAway = false;
        var tooMany = await program.CreateAsync("contacts", body, "once");

        Assert.Equal((401, 503, 429), (unknown.Status, unavailable.Status, tooMany.Status));
        await using (var db = api.Host.Get<PortalDb>().Read(TenantScope.Installation))
        {
            Assert.Empty(await db.IdempotencyRecords.ToListAsync());
        }

        using var another = await api.ProgramAsync(api.North);
        var carriedOut = await another.CreateAsync("contacts", body, "once");
        Assert.Equal((201, false), (carriedOut.Status, carriedOut.WasReplayed));
    }

    private sealed class DatabaseThatIsAway : StorageFaults
    {
        public bool IsAway { get; set; }

        public override void BeforeCommit()
        {
            if (IsAway)
            {
                throw new NpgsqlException("The connection was lost.", new IOException());
            }
        }
    }
}
