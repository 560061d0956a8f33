using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Contacts;

/// <param name="Names">As <see cref="ContactFields.NamesAsync"/> lists them.</param>
/// <param name="Nobodys">Of those asked for, which no contact has now.</param>
public sealed record OwnFields(IReadOnlyList<string> Names, IReadOnlyList<string> Nobodys)
{
    public static OwnFields None { get; } = new([], []);
}

/// <summary>What contacts' own fields are called, and which of some names nobody's is.</summary>
public sealed class OwnFieldNames(PortalDb portal)
{
    /// <param name="asked">Names of fields.</param>
    public Task<OwnFields> ExecuteAsync(
        TenantScope scope,
        IReadOnlyList<string> asked,
        CancellationToken cancellation = default
    ) =>
        portal.ReadSnapshotAsync(
            scope,
            async (db, token) =>
            {
                var nobodys = new List<string>();
                foreach (var name in asked)
                {
                    if (!await db.Contacts.AnyAsync(ContactFields.Have(name), token))
                    {
                        nobodys.Add(name);
                    }
                }

                return new OwnFields(await ContactFields.NamesAsync(db, token), nobodys);
            },
            cancellation
        );
}
