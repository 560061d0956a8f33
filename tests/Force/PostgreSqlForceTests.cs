using Ledgerpost.Sending;
using Xunit.Abstractions;

namespace Force;

/// <summary>The same on PostgreSQL, on a server that is killed too.</summary>
public sealed class PostgreSqlForceTests(ITestOutputHelper output) : IAsyncLifetime
{
    private PostgreSql _server = null!;

    public async Task InitializeAsync() => _server = await PostgreSql.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Kill_AtEveryPoint_EndsWithOneMailEach()
    {
        var table = new Table();
        await KillAtPoints.RunAsync(table, _server, ["RA"]);
        table.AssertClean(output);
    }

    [Fact]
    public async Task Kill_BetweenCommitAndAnswer_TheRepeatedRequestGetsTheStoredAnswer()
    {
        var table = new Table();
        await KillBeforeAnswer.RunAsync(table, _server);
        table.AssertClean(output);
    }

    [Fact]
    public async Task Kill_BetweenTheProgramsAnswerAndItsRow_TheEventComesAgainUnderItsId()
    {
        var table = new Table();
        await KillBeforeDelivered.RunAsync(table, _server);
        table.AssertClean(output);
    }

    [Theory]
    [InlineData(CrashPoints.BeforeIntent)]
    [InlineData(CrashPoints.BeforePost)]
    [InlineData(CrashPoints.BeforeSettle)]
    public async Task Stop_ForLongerThanTheLease_WhileAnotherInstanceSends_ChangesNothingAfterwards(string point)
    {
        var table = new Table();
        await Zombie.RunAsync(table, _server, point);
        table.AssertClean(output);
    }

    [Fact]
    public async Task Outages_WhileThreeInstancesSend_EndWithOneMailEach()
    {
        var table = new Table();
        await PostgreSqlOutages.RunAsync(table, _server, 4_000, 1_500, TimeSpan.FromSeconds(3));
        table.AssertClean(output);
    }
}
