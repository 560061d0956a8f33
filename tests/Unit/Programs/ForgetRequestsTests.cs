using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Programs;

/// <summary>How long a request is remembered.</summary>
public sealed class ForgetRequestsTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private TestTenant _tenant = null!;

    public async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _tenant = await _database.AddTenantAsync("north");
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task Request_ThatSentNothing_IsKnownFor72Hours_AndThenCarriedOutAnew()
    {
        Assert.False(await AskAsync("one@example.net"));
        _database.Time.Advance(RequestRecord<ContactOutcome>.Lifetime - TimeSpan.FromSeconds(1));
        Assert.True(await AskAsync("one@example.net"));
        _database.Time.Advance(TimeSpan.FromSeconds(1));

        // Its time is over though nobody has tidied up yet.
        Assert.False(await AskAsync("two@example.net"));
        Assert.Equal(2, await CountAsync(db => db.Contacts));
    }

    [Fact]
    public async Task Records_WhoseTimeIsOver_AreDeleted_ButNeverOfWhatWasSent()
    {
        await AskAsync("one@example.net");
        await AskAsync("two@example.net", sent: _database.Ids.New());
        var forget = new ForgetRequests(_database.Db);
        Assert.Equal(0, await forget.RunOnceAsync(CancellationToken.None));
        _database.Time.Advance(TimeSpan.FromDays(3650));

        Assert.Equal(1, await forget.RunOnceAsync(CancellationToken.None));
        Assert.Equal(1, await CountAsync(db => db.IdempotencyRecords));
        Assert.True(await AskAsync("two@example.net", sent: _database.Ids.New()));
    }

    /// <returns>Whether it was known already.</returns>
    private async Task<bool> AskAsync(string email, Guid? sent = null)
    {
        var record = new RequestRecord<ContactOutcome>(
            new RequestKey(sent is null ? "made" : "sent", "/api/v1/contacts", () => "body"),
            (_, _, _) => Task.FromResult(new CommandAnswer(201, Sent: sent))
        );
        try
        {
            await new AddContact(_database.Db).ExecuteAsync(
                Caller.System(_tenant.Id) with
                {
                    Record = record,
                },
                new ContactInput(email, null, null, null)
            );
        }
        catch (CommandAnsweredException)
        {
            Assert.True(record.WasReplayed);
        }

        return record.WasReplayed;
    }

    private async Task<int> CountAsync<T>(Func<PortalDbContext, IQueryable<T>> rows)
    {
        await using var db = _database.Db.Read(_tenant.Scope);
        return await rows(db).CountAsync();
    }
}
