using Ledgerpost.Outbox;
using Ledgerpost.OutgoingEvents;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.OutgoingEvents;

/// <summary>Whatever comes back, or does not: a try that is written down, and nothing that waits for ever.</summary>
public sealed class BrokenAnswerTests
{
    [Fact]
    public async Task Answer_ThatBreaksOff_IsAFailedTry_AndTheOneBesideItIsDelivered()
    {
        await using var rig = await HookRig.CreateAsync();
        var asked = 0;
        using var server = new RawServer(
            async (stream, token) =>
            {
                var breaksOff = Interlocked.Increment(ref asked) == 1;
                await stream.WriteAsync(
                    breaksOff
                        ? "HTTP/1.1 500 Broken\r\nContent-Length: 100\r\n\r\nten bytes."u8.ToArray()
                        : "HTTP/1.1 200 Fine\r\nContent-Length: 0\r\n\r\n"u8.ToArray(),
                    token
                );
                if (breaksOff)
                {
                    stream.Close();
                }
            }
        );
        var endpoint = Assert
            .IsType<EndpointOutcome.Saved>(
                await rig.Create.ExecuteAsync(
                    rig.Admin,
                    new EndpointInput($"{server.Url}/hooks", ["campaign.sent"]),
                    CancellationToken.None
                )
            )
            .Endpoint;
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);

        Assert.Equal(2, await rig.DeliverAsync());

        var deliveries = await rig.DeliveriesAsync();
        var failed = Assert.Single(deliveries, delivery => delivery.State == DeliveryState.Waiting);
        Assert.Equal((1, 500, "ten bytes."), (failed.Tries, failed.LastStatus, failed.LastError));
        Assert.Single(deliveries, delivery => delivery is { State: DeliveryState.Delivered, Tries: 1 });
        rig.Engine.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(1, await rig.DeliverAsync());
        Assert.All(await rig.DeliveriesAsync(), delivery => Assert.Equal(DeliveryState.Delivered, delivery.State));
    }

    [Fact]
    public async Task Delivery_ThatCannotBeSentForAReasonNobodyKnew_IsAFailedTry()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer();
        var endpoint = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        var unreadable = rig.Secrets.Protect("whsec_not base64!");
        await rig.Engine.Db.WriteAsync(
            rig.Engine.Tenant.Scope,
            (db, token) =>
                db.EventEndpoints.ExecuteUpdateAsync(set => set.SetProperty(row => row.Secret, unreadable), token),
            CancellationToken.None
        );
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);

        await rig.DeliverAsync();

        var delivery = Assert.Single(await rig.DeliveriesAsync());
        Assert.Equal((1, null, DeliveryState.Waiting), (delivery.Tries, delivery.LastStatus, delivery.State));
        Assert.Empty(server.Hooks);
    }

    [Fact]
    public async Task Answer_IsKeptWithoutHalvesOfCharacters()
    {
        await using var rig = await HookRig.CreateAsync();
        var beginning = new string('x', 999);
        using var server = new HookServer { Status = 500, Answer = beginning + "\U0001F600 and more" };
        var endpoint = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);

        await rig.DeliverAsync();

        Assert.Equal(
            (1, beginning),
            await rig.DeliveriesAsync() is [var only] ? (only.Tries, only.LastError) : default
        );
    }
}
