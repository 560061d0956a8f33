using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Shared;

/// <summary>
/// A server-side list: one page of items with its skeleton, its empty state, its error and its pager. Header cells are
/// <c>&lt;th scope="col"&gt;</c>, row cells <c>&lt;td&gt;</c>; the first cell of a row holds the link that the keyboard uses.
/// </summary>
public sealed partial class ListTable<TItem>
{
    /// <summary>Names the list: "Contacts".</summary>
    [Parameter, EditorRequired]
    public required string Label { get; set; }

    /// <summary>The items of this page; null while they load.</summary>
    [Parameter, EditorRequired]
    public required IReadOnlyList<TItem>? Items { get; set; }

    [Parameter, EditorRequired]
    public required RenderFragment Header { get; set; }

    [Parameter, EditorRequired]
    public required RenderFragment<TItem> Row { get; set; }

    /// <summary>An <see cref="EmptyState"/>: another one for an empty list than for filters that match nothing.</summary>
    [Parameter, EditorRequired]
    public required RenderFragment Empty { get; set; }

    /// <summary>Keeps a row's element with its item; the item itself unless told.</summary>
    [Parameter]
    public Func<TItem, object>? KeyOf { get; set; }

    /// <summary>
    /// A click anywhere on the row is one on the link in its first cell (shell.js), except in a cell with
    /// <c>data-lp-apart</c>.
    /// </summary>
    [Parameter]
    public bool RowLinks { get; set; }

    /// <summary>The row whose panel is open.</summary>
    [Parameter]
    public Func<TItem, bool>? Selected { get; set; }

    /// <summary>One sentence when loading failed.</summary>
    [Parameter]
    public string? Failed { get; set; }

    [Parameter]
    public EventCallback OnRetry { get; set; }

    [Parameter]
    public int SkeletonRows { get; set; } = 8;

    [Parameter]
    public int Page { get; set; } = 1;

    [Parameter]
    public int PageSize { get; set; } = 50;

    [Parameter]
    public long Total { get; set; }

    /// <summary>The address of the same list at a page; null for a list without pages.</summary>
    [Parameter]
    public Func<int, string>? PageHref { get; set; }

    private object Key(TItem item) => KeyOf is null ? item! : KeyOf(item);
}
