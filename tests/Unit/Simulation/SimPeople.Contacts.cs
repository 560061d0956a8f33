using Ledgerpost.Contacts;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Simulation;

/// <summary>People of the audience: they unsubscribe, are deleted, and added again.</summary>
internal sealed partial class SimPeople
{
    private void Leave()
    {
        if (world.Troubled && world.Portal is { Ready: true })
        {
            Unsubscribe(North);
        }
    }

    private string AnAddress(TestTenant tenant) =>
        tenant == South
            ? $"south{_random.Next(1, world.Template.SouthContacts + 1)}@example.net"
            : $"north{_random.Next(1, world.Template.NorthContacts + 1)}@example.net";

    private void Unsubscribe(TestTenant tenant)
    {
        var email = AnAddress(tenant);
        world.Do(
            $"unsubscribe {email}",
            async portal =>
            {
                var result = await new AddSuppression(portal.Db).ExecuteAsync(
                    tenant.As(TenantRole.Admin),
                    email,
                    SuppressionReason.Unsubscribed,
                    null
                );
                world.Saw(SimDeed.Unsubscribed);
                world.Barred.TryAdd((tenant.Id, email), world.Scheduler.Steps);
                return result.ToString();
            }
        );
    }

    private void DeleteAndAdd(TestTenant tenant, bool addAgain)
    {
        var email = AnAddress(tenant);
        world.Do(
            $"delete {email}{(addAgain ? " and add again" : "")}",
            async portal =>
            {
                Guid? contact;
                await using (var db = portal.Db.Read(tenant.Scope))
                {
                    contact = await db
                        .Contacts.Where(c => c.NormalizedEmail == email)
                        .Select(c => (Guid?)c.Id)
                        .SingleOrDefaultAsync();
                }

                var who = (tenant.Id, email);
                var addedBefore = world.Added.GetValueOrDefault(who);
                var result = contact is { } id
                    ? (
                        await new DeleteContacts(portal.Db).ExecuteAsync(
                            tenant.As(TenantRole.Editor),
                            new SelectedContacts(id),
                            1
                        )
                    ).ToString()
                    : "gone already";
                world.Saw(SimDeed.Deleted);
                if (world.Added.GetValueOrDefault(who) == addedBefore)
                {
                    world.Deleted.TryAdd(who, world.Scheduler.Steps);
                }

                await Task.Yield();
                if (!addAgain)
                {
                    return result;
                }

                world.Added[who] = world.Added.GetValueOrDefault(who) + 1;
                world.Deleted.Remove(who);
                var added = await new AddContact(portal.Db).ExecuteAsync(
                    tenant.As(TenantRole.Editor),
                    new ContactInput(email, "Again", null, "first, second")
                );
                world.Saw(SimDeed.AddedAgain);
                return $"{result}; {added}";
            }
        );
    }
}
