using System.Globalization;
using System.Net;
using System.Text;
using AdminPortal.Hosting;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using UnitTests.Api;
using UnitTests.Support;

namespace UnitTests.Webhooks;

/// <summary>Signed events as the provider brings them, over HTTP.</summary>
public sealed class WebhookDoorTests
{
    private const string OwnSecret = "whsec_Zmlyc3RzZWNyZXRvZm5vcnRoMDE=";
    private const string OthersSecret = "whsec_c2VjcmV0b2Zzb21lYm9keWVsc2U=";
    private const string Body = """{"type":"email.delivered","data":{"email_id":"mail-1"}}""";

    [Fact]
    public async Task Event_AtTheAddressThatThePageShows_IsTheOwnAccounts_AlsoWhileOthersTrySecretsThere()
    {
        await using var api = await ApiHost.StartAsync();
        var (tenantId, accountId) = (api.North.TenantId, Guid.NewGuid());
        await api
            .Host.Get<PortalDb>()
            .WriteAsync(
                TenantScope.For(tenantId),
                async (db, token) =>
                {
                    db.ProviderAccounts.Add(
                        new ProviderAccount
                        {
                            Id = accountId,
                            OwnerId = tenantId,
                            BaseUrl = api.Host.Get<ProviderEndpoint>().BaseUrl,
                            KeyFingerprint = "own",
                            CreatedAt = DateTimeOffset.UnixEpoch,
                        }
                    );
                    await db.SaveChangesAsync(token);
                    db.OwnAccounts.Add(
                        new OwnAccount
                        {
                            TenantId = tenantId,
                            AccountId = accountId,
                            LastFour = "0001",
                            SetAt = DateTimeOffset.UnixEpoch,
                            SetBy = "Owner",
                            IsCurrent = true,
                        }
                    );
                },
                CancellationToken.None
            );
        await api.Host.Get<AddOwnWebhookSecret>().ExecuteAsync(api.North.Caller, OwnSecret);

        var taken = await BringAsync(api.Host, $"/webhooks/resend/{tenantId}", OwnSecret);
        for (var i = 0; i < (int)Door.OwnWebhook; i++)
        {
            await BringAsync(api.Host, "/webhooks/resend/north", OthersSecret);
        }

        var shut = await BringAsync(api.Host, "/webhooks/resend/north", OthersSecret);
        Assert.Equal(HttpStatusCode.TooManyRequests, shut);
        var byName = await BringAsync(api.Host, "/webhooks/resend/north", OwnSecret);
        var others = await BringAsync(api.Host, $"/webhooks/resend/{api.South.TenantId}", OwnSecret);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Unauthorized), (taken, byName, others));
        await using var db = api.Host.Get<PortalDb>().Read(TenantScope.Installation);
        var stored = Assert.Single(await db.WebhookMessages.ToListAsync());
        Assert.Equal((accountId, Body), (stored.AccountId, stored.Body));
    }

    [Fact]
    public async Task Event_WhoseCommitFails_IsAnsweredWithAnError_AndStoredWhenItComesAgain()
    {
        var faults = new FailingCommit();
        await using var host = await RealHost.StartAsync(
            RealHost.NewFolder(),
            builder => builder.Services.AddSingleton<StorageFaults>(faults),
            keepFolder: false
        );
        await StopLoopsAsync(host);

        var secret = host.Get<ProviderEndpoint>().WebhookSecrets[0];
        faults.Armed = true;
        var failed = await BringAsync(host, "/webhooks/resend", secret);
        faults.Armed = false;
        var again = await BringAsync(host, "/webhooks/resend", secret);
        var third = await BringAsync(host, "/webhooks/resend", secret);

        Assert.Equal(
            (HttpStatusCode.InternalServerError, HttpStatusCode.OK, HttpStatusCode.OK),
            (failed, again, third)
        );
        await using var db = host.Get<PortalDb>().Read(TenantScope.Installation);
        Assert.Equal(1, await db.WebhookMessages.CountAsync());
    }

    [Fact]
    public async Task Event_OfAMegabyte_IsStoredAsItCame()
    {
        await using var host = await RealHost.StartAsync();
        await StopLoopsAsync(host);

        const string end = "\"}}";
        var body =
            "{\"type\":\"contact.created\",\"data\":{\"note\":\"".PadRight((1024 * 1024) - end.Length, 'x') + end;

        var taken = await BringAsync(host, "/webhooks/resend", host.Get<ProviderEndpoint>().WebhookSecrets[0], body);

        Assert.Equal(HttpStatusCode.OK, taken);
        await using var db = host.Get<PortalDb>().Read(TenantScope.Installation);
        Assert.Equal(body, (await db.WebhookMessages.SingleAsync()).Body);
    }

    private static async Task StopLoopsAsync(RealHost host)
    {
        foreach (var loop in host.Services.GetServices<IHostedService>().OfType<BackgroundService>())
        {
            await loop.StopAsync(CancellationToken.None);
        }
    }

    internal static async Task<HttpStatusCode> BringAsync(RealHost host, string path, string secret, string body = Body)
    {
        var timestamp = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var browser = host.Browser();
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("svix-id", "msg_1");
        request.Headers.Add("svix-timestamp", timestamp);
        request.Headers.Add("svix-signature", $"v1,{EventTests.Sign("msg_1", timestamp, body, secret)}");
        using var answer = await browser.SendAsync(request);
        return answer.StatusCode;
    }

    private sealed class FailingCommit : StorageFaults
    {
        public bool Armed { get; set; }

        public override void BeforeCommit()
        {
            if (Armed)
            {
                throw new IOException("The disk is full.");
            }
        }
    }
}
