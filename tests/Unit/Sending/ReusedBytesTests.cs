using System.Text;
using Ledgerpost.Sending;

namespace UnitTests.Sending;

/// <summary>
/// The memory of a request serves another chunk only once the provider has accepted all of it: an earlier answer may come
/// while the rest is still being written.
/// </summary>
public sealed class ReusedBytesTests
{
    [Theory]
    [InlineData(FakeProvider.Fault.LostAnswer)]
    [InlineData(FakeProvider.Fault.BadAddress)]
    [InlineData(FakeProvider.Fault.RateLimited)]
    public async Task Bytes_OfARequestThatWasNotAccepted_AreNotWrittenOver(FakeProvider.Fault fault)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        await engine.LaunchAsync();
        engine.Provider.Then(fault);
        await engine.TurnAsync();
        var held = engine.Provider.Bodies[0];
        var sent = Encoding.UTF8.GetString(held.Span);

        await engine.RunAsync();

        Assert.True(engine.Provider.Bodies.Count > 3);
        Assert.Equal(sent, Encoding.UTF8.GetString(held.Span));
    }

    [Fact]
    public async Task Bytes_OfAnAcceptedRequest_ServeTheNextChunk()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 200);
        await engine.LaunchAsync();
        await engine.TurnAsync();
        var claim = await engine.Claim.ExecuteAsync(engine.Database.AccountId, "worker", CancellationToken.None);
        var one = await engine.Prepare.ExecuteAsync(claim!, recheck: false, CancellationToken.None);
        engine.Prepare.Reuse(one!);

        var other = await engine.Prepare.ExecuteAsync(claim!, recheck: false, CancellationToken.None);

        Assert.Same(one!.Buffer, other!.Buffer);
    }
}
