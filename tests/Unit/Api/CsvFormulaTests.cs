using System.Text;
using Ledgerpost.Contacts;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Segments;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Architecture;
using UnitTests.Support;

namespace UnitTests.Api;

/// <summary>
/// Every file that a person may open in a spreadsheet, full of what somebody else typed: no cell of it begins as a formula does, and
/// nothing of the text is lost.
/// </summary>
public sealed class CsvFormulaTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    private const string Beginnings = "=+-@\t\r";
    private const string Formula = "cmd|' /C calc'!A0";

    /// <summary>By the end of their route; null for what is the same for everybody, another row's code, or no CSV.</summary>
    private static readonly Dictionary<string, Func<Ids, string>?> Exports = new(StringComparer.Ordinal)
    {
        ["api/v1/contacts/export"] = _ => "contacts/export",
        ["api/v1/contacts/export?segment_id"] = ids => $"contacts/export?segment_id={ids.Segment}",
        ["api/v1/audit/export"] = _ => "audit/export?action=segment.created",
        ["t/{slug}/audit/export.csv"] = _ => "/t/north/audit/export.csv?action=segment.created",
        ["t/{slug}/contacts/imports/{id:guid}/rejected.csv"] = ids =>
            $"/t/north/contacts/imports/{ids.Import}/rejected.csv",
        // Written by the same code; its targets are tenants, accounts and keys, as those of a tenant's log are.
        ["operator/audit/export.csv"] = null,
        ["operator/audit/export.json"] = null,
        ["t/{slug}/audit/export.json"] = null,
        ["contacts-sample.csv"] = null,
    };

    private ApiHost Api => portal.Api;

    [Fact]
    public void EveryRouteWithAFile_IsAsked_AndOneClassBeginsThemAll()
    {
        var routes = Api
            .Host.Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Select(route => route.RoutePattern.RawText!.Trim('/'))
            .Where(route =>
                route.Contains("export", StringComparison.OrdinalIgnoreCase)
                || route.EndsWith(".csv", StringComparison.OrdinalIgnoreCase)
            )
            .Distinct(StringComparer.Ordinal);

        Assert.Equal(
            Exports.Keys.Where(name => !name.Contains('?')).Order(StringComparer.Ordinal),
            routes.Order(StringComparer.Ordinal)
        );
        // Whoever writes a CSV file begins it here, and stands for one of the rows above.
        Assert.Equal(
            [
                "AdminPortal/Features/Audit/AuditFile.cs",
                "Core/Contacts/Import/ImportReport.cs",
                "Core/Segments/ContactExport.cs",
            ],
            Users("CsvFile.BeginAsync")
        );
        Assert.Equal(["Core/Contacts/CsvFile.cs"], Users("CsvWriter.Create"));
        Assert.Empty(Users("new CsvWriter("));

        static IEnumerable<string> Users(string text) =>
            SourceFiles
                .In("src", ".cs", ".razor")
                .Where(file => file.Text.Contains(text, StringComparison.Ordinal))
                .Select(file => file.Path)
                .Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task NoCellOfAnyFile_BeginsAsAFormula_AndNoTextIsLost()
    {
        var ids = await FillAsync();
        using var program = await Api.ProgramAsync(Api.North);
        using var browser = await Api.Host.SignedInAsync("owner@north.test");
        foreach (var (name, path) in Exports.Where(one => one.Value is not null))
        {
            var address = path!(ids);
            var text = await (address.StartsWith('/') ? browser : program).GetStringAsync(address);
            var cells = Cells(text.TrimStart('\uFEFF'));

            Assert.True(cells.Count > 6, $"{name} has nothing in it: {text}");
            foreach (var beginning in Beginnings)
            {
                Assert.DoesNotContain(cells, cell => cell.StartsWith(beginning));
                Assert.True(
                    cells.Any(cell => cell.StartsWith($"'{beginning}{Formula}", StringComparison.Ordinal)),
                    $"{name} has lost what began with {(int)beginning}: {text}"
                );
            }
        }
    }

    /// <summary>As older versions, other programs and foreign files may have left it: no door is asked.</summary>
    private async Task<Ids> FillAsync()
    {
        var db = Api.Host.Get<PortalDb>();
        var (tenant, ids) = (Api.North.TenantId, new Ids(db.Ids.New(), db.Ids.New()));
        await db.CommandAsync(
            Api.North.Caller,
            TenantRole.Owner,
            (command, _) =>
            {
                var now = db.Time.GetUtcNow();
                command.Db.Segments.Add(
                    new Segment
                    {
                        TenantId = tenant,
                        Id = ids.Segment,
                        Name = "Formulas",
                        Match = SegmentMatch.Named,
                        CreatedAt = now,
                    }
                );
                command.Db.ContactImports.Add(
                    new ContactImport
                    {
                        TenantId = tenant,
                        Id = ids.Import,
                        FileName = "formulas.csv",
                        Status = ImportStatus.Completed,
                        StartedBy = "somebody",
                        CreatedAt = now,
                    }
                );
                foreach (var (i, beginning) in Beginnings.Index())
                {
                    var typed = beginning + Formula;
                    var contact = db.Ids.New();
                    command.Db.Contacts.Add(
                        new Contact
                        {
                            TenantId = tenant,
                            Id = contact,
                            Email = $"{typed}@example.net",
                            NormalizedEmail = $"{typed}{i}@example.net",
                            FirstName = typed,
                            LastName = typed,
                            CreatedAt = now,
                            UpdatedAt = now,
                            Tags =
                            [
                                new ContactTag
                                {
                                    TenantId = tenant,
                                    ContactId = contact,
                                    Tag = typed,
                                },
                            ],
                        }
                    );
                    command.Db.SegmentContacts.Add(
                        new SegmentContact
                        {
                            TenantId = tenant,
                            SegmentId = ids.Segment,
                            ContactId = contact,
                        }
                    );
                    command.Db.ContactImportLines.Add(
                        new ContactImportLine
                        {
                            TenantId = tenant,
                            ImportId = ids.Import,
                            Line = i + 2,
                            Outcome = ImportLineOutcome.Rejected,
                            Email = typed,
                            Reason = typed,
                        }
                    );
                    command.Audit("segment.created", typed, typed, typed, typed);
                }

                return Task.FromResult(true);
            },
            CancellationToken.None
        );
        return ids;
    }

    /// <summary>By RFC 4180, and by nothing of the portal's.</summary>
    private static List<string> Cells(string csv)
    {
        var (cells, cell, quoted) = (new List<string>(), new StringBuilder(), false);
        for (var i = 0; i < csv.Length; i++)
        {
            var letter = csv[i];
            if (letter == '"' && quoted && i + 1 < csv.Length && csv[i + 1] == '"')
            {
                cell.Append(letter);
                i++;
            }
            else if (letter == '"')
            {
                quoted = !quoted;
            }
            else if (!quoted && (letter == ',' || (letter == '\r' && i + 1 < csv.Length && csv[i + 1] == '\n')))
            {
                cells.Add(cell.ToString());
                cell.Clear();
                i += letter == '\r' ? 1 : 0;
            }
            else
            {
                cell.Append(letter);
            }
        }

        return cells;
    }

    private sealed record Ids(Guid Segment, Guid Import);
}
