using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Deletion;

/// <summary>
/// A large tenant goes part by part along an index. Where each part looked for its rows anew, PostgreSQL walked through the
/// index entries of all that was gone already, and a million took a time that grows with its square.
/// </summary>
public sealed class DeletionPlanTests
{
    [Fact]
    public async Task EachPart_BeginsBehindTheOneBefore_InEveryTable()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        await steps.Database.FillAsync(steps.North);
        await steps.Database.FillAsync(steps.South);
        await steps.Database.AddContactsAsync(steps.North, 25, "a", "b");
        await steps.BeginAsync();
        var others = await steps.Database.CountRowsAsync(steps.South.Id);
        var left = await steps.Database.CountRowsAsync(steps.North.Id);
        await using var read = steps.Database.Db.Read(TenantScope.None);
        var tables = new Ledgerpost.Deletion.TenantTables(read.Model);

        foreach (var table in tables.Names)
        {
            IReadOnlyList<object>? after = null;
            var removed = 0L;
            do
            {
                var part = await steps.Database.Db.WriteAsync(
                    steps.North.Scope,
                    (db, token) => tables.DeleteAsync(db, table, steps.North.Id, after, 2, token),
                    CancellationToken.None
                );
                Assert.True(part.End is null || part.Removed == 2, $"{table}: {part.Removed}");
                removed += part.Removed;
                after = part.End;
            } while (after is not null);

            Assert.Equal((table, left[table]), (table, removed));
        }

        Assert.Equal(others, await steps.Database.CountRowsAsync(steps.South.Id));
    }

    [Fact]
    public async Task RowsBeforeAPart_AreNotLookedFor_ByIt()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        await steps.Database.AddContactsAsync(steps.North, 9);
        await using var read = steps.Database.Db.Read(TenantScope.None);
        var tables = new Ledgerpost.Deletion.TenantTables(read.Model);
        await using var north = steps.Database.Db.Read(steps.North.Scope);
        var before = await north.Contacts.CountAsync();
        object middle = (await north.Contacts.Select(contact => contact.Id).ToListAsync())
            .OrderBy(id => id.ToString(), StringComparer.Ordinal)
            .ElementAt(3);

        var part = await steps.Database.Db.WriteAsync(
            steps.North.Scope,
            (db, token) => tables.DeleteAsync(db, "Contacts", steps.North.Id, [middle], 100, token),
            CancellationToken.None
        );

        Assert.Equal((before - 4, null), (part.Removed, part.End));
    }

    [SqliteFact]
    public async Task EveryPart_IsFoundAlongAnIndex()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        await steps.Database.FillAsync(steps.North);
        await steps.Database.AddContactsAsync(steps.North, 9, "a");
        await steps.BeginAsync();
        using var statements = StatementLog.Of(steps.Database.ConnectionString);
        await steps.Job(atMost: 2).RunOnceAsync(CancellationToken.None);

        var texts = statements
            .Take()
            .Where(text =>
                text.StartsWith("DELETE FROM", StringComparison.Ordinal)
                || text.Contains("LIMIT 1 OFFSET", StringComparison.Ordinal)
            )
            .Distinct()
            .ToList();

        Assert.Contains(texts, text => text.Contains("(\"Id\") > (", StringComparison.Ordinal));
        foreach (var text in texts.Where(text => text.Contains(" > (", StringComparison.Ordinal)))
        {
            var plan = await QueryPlan.OfAsync(steps.Database.ConnectionString, text);
            Assert.Contains(
                plan,
                step =>
                    step.StartsWith("SEARCH", StringComparison.Ordinal)
                    && step.Contains("TenantId=? AND ", StringComparison.Ordinal)
            );
            Assert.DoesNotContain(plan, step => step == "USE TEMP B-TREE FOR ORDER BY");
        }
    }
}
