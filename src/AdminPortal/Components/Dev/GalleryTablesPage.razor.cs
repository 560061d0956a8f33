using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Dev;

public sealed partial class GalleryTablesPage
{
    private static readonly ICollection<GalleryPerson> People = [.. GallerySample.People];

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? Q { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageNumber { get; set; }

    [SupplyParameterFromQuery(Name = "open")]
    public int? Open { get; set; }

    /// <summary>"loading" or "failed" shows the list in that state.</summary>
    [SupplyParameterFromQuery(Name = "show")]
    public string? Show { get; set; }

    // The other tables stand only on the plain page, so that its variants stay small.
    private bool Plain => Show is null && Q is null && Open is null;

    private int Page => Math.Max(1, PageNumber ?? 1);

    private List<GalleryPerson> Matching =>
        [.. GallerySample.People.Where(person => person.Email.Contains(Q ?? "", StringComparison.OrdinalIgnoreCase))];

    private List<GalleryPerson>? Items => Show == "loading" ? null : [.. Matching.Skip((Page - 1) * 20).Take(20)];

    private string Url(string? q, int page, int? open = null)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["q"] = string.IsNullOrEmpty(q) ? null : q,
            ["page"] = page > 1 ? page.ToString(CultureInfo.InvariantCulture) : null,
            ["open"] = open,
            ["show"] = null,
        };
        return Navigation.GetUriWithQueryParameters(PortalUrls.GalleryTables, values);
    }
}
