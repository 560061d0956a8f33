using Ledgerpost.Contacts.Import;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Contacts.Import;

/// <summary>A report's lines have addresses, also of people who are no contacts.</summary>
public sealed class ForgetImportLinesTests
{
    [Fact]
    public async Task Lines_AreForgotten90DaysAfterTheImportsEnd_AndItsCountsStay()
    {
        await using var rig = await ImportRig.CreateAsync();
        var old = await rig.ImportAsync("email\nnonsense\nada@example.net");
        rig.Database.Time.Advance(TimeSpan.FromDays(1));
        var later = await rig.ImportAsync("email\nmore nonsense");
        var forget = new ForgetImportLines(rig.Database.Db);
        rig.Database.Time.Advance(ForgetImportLines.Kept - TimeSpan.FromDays(1));
        Assert.Equal(0, await forget.RunOnceAsync(CancellationToken.None));
        rig.Database.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(1, await forget.RunOnceAsync(CancellationToken.None));

        var left = await rig.ResultAsync(old.View.Id);
        Assert.Empty(left.Lines);
        Assert.Equal((2, 1, 0, 0, 1), left.Counts);
        Assert.Single((await rig.ResultAsync(later.View.Id)).Lines);
    }

    [Fact]
    public async Task Lines_AreForgottenSoManyAtATime_UntilNoneIsLeft()
    {
        await using var rig = await ImportRig.CreateAsync();
        const int Lines = 2 * ForgetImportLines.AtOnce + 1;
        await rig.ImportAsync("email\n" + string.Join('\n', Enumerable.Repeat("nonsense", Lines)));
        rig.Database.Time.Advance(ForgetImportLines.Kept + TimeSpan.FromSeconds(1));
        using var log = StatementLog.Of(rig.Database.ConnectionString);

        Assert.Equal(Lines, await new ForgetImportLines(rig.Database.Db).RunOnceAsync(CancellationToken.None));

        var deletes = log.Take().Where(text => text.Contains("DELETE FROM", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, deletes.Count);
        // By a plain range along the key: a list of rows would be looked through for each row of the table.
        Assert.All(deletes, text => Assert.DoesNotContain("EXISTS", text, StringComparison.Ordinal));
        await using var db = rig.Database.Db.Read(rig.Tenant.Scope);
        Assert.Equal(0, await db.ContactImportLines.CountAsync());
    }

    [Fact]
    public async Task Lines_OfAnImportThatHasNotEnded_Stay()
    {
        await using var rig = await ImportRig.CreateAsync();
        var import = (await rig.ImportAsync("email\nnonsense")).View.Id;
        await rig.Database.Db.WriteAsync(
            rig.Tenant.Scope,
            (db, token) =>
                db.ContactImports.ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(row => row.Status, ImportStatus.Running)
                            .SetProperty(row => row.FinishedAt, (DateTimeOffset?)null),
                    token
                ),
            CancellationToken.None
        );
        rig.Database.Time.Advance(TimeSpan.FromDays(365));

        Assert.Equal(0, await new ForgetImportLines(rig.Database.Db).RunOnceAsync(CancellationToken.None));
        Assert.Single((await rig.ResultAsync(import)).Lines);
    }
}
