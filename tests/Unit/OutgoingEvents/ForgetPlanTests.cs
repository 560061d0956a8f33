using System.Text.RegularExpressions;
using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.OutgoingEvents;
using Ledgerpost.Programs;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;
using Xunit.Abstractions;

namespace UnitTests.OutgoingEvents;

/// <summary>
/// What is old goes a part at a time, and each part is found along an index: for each row that it deletes SQLite walked through
/// the whole table once, inside the one writer.
/// </summary>
public sealed partial class ForgetPlanTests(ITestOutputHelper output)
{
    private const int Old = ForgetDeliveries.AtOnce + 5;

    [Fact]
    public async Task OldRows_GoAPartAtATime_AndOnlyThey()
    {
        await using var rig = await HookRig.CreateAsync();
        await FillAsync(rig);

        Assert.Equal(Old, await rig.Forget.RunOnceAsync(CancellationToken.None));
        var forget = new ForgetRequests(rig.Engine.Db);
        Assert.Equal(
            (ForgetRequests.AtOnce, Old - ForgetRequests.AtOnce, 0),
            (await RunAsync(), await RunAsync(), await RunAsync())
        );

        Assert.Equal(rig.Engine.Time.GetUtcNow(), Assert.Single(await rig.DeliveriesAsync()).OccurredAt);
        await using var db = rig.Engine.Db.Read(TenantScope.Installation);
        Assert.Equal(
            ["later", "sent"],
            await db.IdempotencyRecords.Select(record => record.Key).OrderBy(key => key).ToListAsync()
        );

        Task<int> RunAsync() => forget.RunOnceAsync(CancellationToken.None);
    }

    [SqliteFact]
    public async Task OldRows_AreFoundAndDeletedAlongTheirIndex()
    {
        await using var rig = await HookRig.CreateAsync();
        await FillAsync(rig);
        using var statements = StatementLog.Of(rig.Engine.Database.ConnectionString);

        await rig.Forget.RunOnceAsync(CancellationToken.None);
        await new ForgetRequests(rig.Engine.Db).RunOnceAsync(CancellationToken.None);

        var texts = statements
            .Take()
            .Where(text =>
                text.Contains("\"EventDeliveries\"", StringComparison.Ordinal)
                || text.Contains("\"IdempotencyRecords\"", StringComparison.Ordinal)
            )
            .Distinct()
            .ToList();
        Assert.Equal(2, texts.Count(text => text.StartsWith("DELETE", StringComparison.Ordinal)));
        foreach (var text in texts)
        {
            var plan = await PlanAsync(rig, text);
            plan.ForEach(output.WriteLine);
            Assert.Contains(
                plan,
                step =>
                    step.Contains("EndpointId=? AND Id<?", StringComparison.Ordinal)
                    || step.Contains("ExpiresAt<?", StringComparison.Ordinal)
            );
            Assert.DoesNotContain(
                plan,
                step =>
                    step.Contains("CORRELATED", StringComparison.Ordinal)
                    || (step.StartsWith("SCAN", StringComparison.Ordinal) && step != "SCAN CONSTANT ROW")
            );
        }
    }

    /// <summary>More than a part of what is old, each at an instant of its own, and one that stays.</summary>
    private static async Task FillAsync(HookRig rig)
    {
        using var server = new HookServer();
        var endpoint = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        var (tenant, now) = (rig.Engine.Tenant.Id, rig.Engine.Time.GetUtcNow());
        await rig.Engine.Db.WriteAsync(
            rig.Engine.Tenant.Scope,
            (db, _) =>
            {
                for (var i = 0; i <= Old; i++)
                {
                    var at = i == Old ? now : now - ForgetDeliveries.Kept - TimeSpan.FromMinutes(i + 1);
                    db.EventDeliveries.Add(
                        new EventDelivery
                        {
                            TenantId = tenant,
                            Id = Guid.Parse($"{at.ToUnixTimeMilliseconds():X12}{i:X20}"),
                            EndpointId = endpoint.Id,
                            Type = EventType.EndpointTest,
                            OccurredAt = at,
                            State = DeliveryState.Delivered,
                            NotBefore = at,
                        }
                    );
                }

                for (var i = 0; i < Old; i++)
                {
                    Add(db, $"over {i}", now - TimeSpan.FromMinutes(i + 1));
                }

                Add(db, "later", now + TimeSpan.FromMinutes(1));
                Add(db, "sent", null);
                return Task.CompletedTask;
            },
            CancellationToken.None
        );

        void Add(PortalDbContext db, string key, DateTimeOffset? expires) =>
            db.IdempotencyRecords.Add(
                new IdempotencyRecord
                {
                    TenantId = tenant,
                    Path = "/api/v1/contacts",
                    Key = key,
                    BodyHash = "hash",
                    Status = 201,
                    CreatedAt = now - TimeSpan.FromDays(3),
                    ExpiresAt = expires,
                }
            );
    }

    private static async Task<List<string>> PlanAsync(HookRig rig, string text)
    {
        await using var connection = new SqliteConnection(rig.Engine.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"EXPLAIN QUERY PLAN {text}";
        foreach (var name in Parameter().Matches(text).Select(match => match.Value).Distinct())
        {
            // Of whatever value: the plan is the same.
            command.Parameters.AddWithValue(name, 1);
        }

        var plan = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            plan.Add(reader.GetString(3));
        }

        return plan;
    }

    [GeneratedRegex(@"@\w+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Parameter();
}
