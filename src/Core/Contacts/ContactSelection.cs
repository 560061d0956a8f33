using Ledgerpost.Data;

namespace Ledgerpost.Contacts;

/// <summary>The contacts that a bulk command is about: some that were ticked, or all that match a filter.</summary>
public abstract record ContactSelection
{
    public abstract IQueryable<Contact> Of(PortalDbContext db);

    /// <summary>For the audit log.</summary>
    internal abstract object Details();
}

/// <summary>At most 1,000 contacts, named one by one.</summary>
public sealed record SelectedContacts : ContactSelection
{
    /// <summary>As many as one command takes.</summary>
    public const int Most = 1000;

    private readonly Guid[] _ids;

    /// <exception cref="ArgumentException">More than 1,000.</exception>
    public SelectedContacts(params IEnumerable<Guid> ids)
    {
        _ids = [.. ids.Distinct()];
        if (_ids.Length > Most)
        {
            throw new ArgumentException("At most 1,000 contacts can be named; use a filter for more.", nameof(ids));
        }
    }

    public IReadOnlyList<Guid> Ids => _ids;

    public override IQueryable<Contact> Of(PortalDbContext db) =>
        db.Contacts.Where(contact => _ids.Contains(contact.Id));

    internal override object Details() => new { ids = _ids };
}

/// <summary>What became of a bulk command.</summary>
public abstract record BulkOutcome
{
    private BulkOutcome() { }

    /// <param name="Count">Contacts that it changed; those that were so already are not counted.</param>
    public sealed record Done(int Count) : BulkOutcome;

    /// <summary>The selection is not what was confirmed any more; nothing was done.</summary>
    public sealed record CountChanged(int Now) : BulkOutcome;

    public sealed record Invalid(string Reason) : BulkOutcome;
}
