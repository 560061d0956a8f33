using Ledgerpost.Campaigns;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Deletion;

#pragma warning disable CA1304, CA1311, CA1862 // These expressions become SQL; lower() there knows no culture.

/// <summary>Where rows name the member who did something. Who gave no other name is called by their address.</summary>
internal abstract record ActorNames(Type Entity, string Column)
{
    /// <summary>In an erased member's place; no longer than an address.</summary>
    public const string Erased = "erased";

    public static IReadOnlyList<ActorNames> All { get; } =
    [
        new Of<Campaign>(nameof(Campaign.CreatedBy)),
        new Of<Campaign>(nameof(Campaign.LaunchedBy)),
        new Of<Run>(nameof(Run.StartedBy)),
        new Of<Chunk>(nameof(Chunk.DecidedBy)),
        new Of<Recipient>(nameof(Recipient.AssumedBy)),
        new Of<ContactImport>(nameof(ContactImport.StartedBy)),
        new Of<ApiKey>(nameof(ApiKey.CreatedBy)),
        new Of<EventEndpoint>(nameof(EventEndpoint.CreatedBy)),
        new Of<OwnAccount>(nameof(OwnAccount.SetBy)),
        new Of<OwnWebhookSecret>(nameof(OwnWebhookSecret.AddedBy)),
        // "By ada@example.org: a note".
        new Of<SuppressedAddress>(nameof(SuppressedAddress.Detail)),
    ];

    /// <param name="address">Normalised.</param>
    public abstract Task ForgetAsync(PortalDbContext db, string address, CancellationToken cancellation);

    private sealed record Of<T>(string Column) : ActorNames(typeof(T), Column)
        where T : class
    {
        public override async Task ForgetAsync(PortalDbContext db, string address, CancellationToken cancellation)
        {
            var whole = new WholeAddress(address);
            // Few: one for each member.
            var names = await db.Set<T>()
                .Select(row => EF.Property<string?>(row, Column))
                .Where(name => name != null && name.ToLower().Contains(address))
                .Distinct()
                .ToListAsync(cancellation);
            foreach (var name in names.FindAll(whole.IsIn))
            {
                var erased = name!.Replace(address, Erased, StringComparison.OrdinalIgnoreCase);
                await db.Set<T>()
                    .Where(row => EF.Property<string?>(row, Column) == name)
                    .ExecuteUpdateAsync(
                        set => set.SetProperty(row => EF.Property<string?>(row, Column), erased),
                        cancellation
                    );
            }
        }
    }
}
