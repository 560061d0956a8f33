using Ledgerpost;
using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Segments;
using Ledgerpost.Senders;
using Ledgerpost.Templates;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace AdminPortal.Hosting;

/// <summary>
/// A tenant to look around in: a verified domain, a sender, contacts with tags, two segments, a template and a draft. Made once, in an
/// installation that has no tenant yet; the same people and tags every time.
/// </summary>
public sealed class DemoSeed(PortalDb portal, IIds ids)
{
    public const string Slug = "demo";
    public const string Domain = "demo.ledgerpost.test";

    /// <summary>Not example.com, which the provider refuses.</summary>
    private const string ReadersDomain = "readers.example";

    private const int People = 312;

    private static readonly string[] FirstNames =
    [
        "Ada",
        "Amara",
        "Anouk",
        "Björn",
        "Carlos",
        "Chiara",
        "Dilan",
        "Elif",
        "Emeka",
        "Freya",
        "Gita",
        "Hana",
        "Ines",
        "Jonas",
        "Kofi",
        "Leila",
        "Mateo",
        "Mei",
        "Nils",
        "Oluwaseun",
        "Priya",
        "Rosa",
        "Samir",
        "Tomasz",
    ];

    private static readonly string[] LastNames =
    [
        "Almeida",
        "Bauer",
        "Chen",
        "Dubois",
        "Eriksen",
        "Ferrari",
        "Guzmán",
        "Haddad",
        "Ivanova",
        "Jensen",
        "Kaya",
        "Lindqvist",
        "Moreau",
    ];

    private static readonly string[] Towns = ["berlin", "lisbon", "oslo", "paris"];

    /// <returns>The tenant's id; null when there are tenants already, or no operator to own it.</returns>
    public Task<Guid?> ExecuteAsync(CancellationToken cancellation) =>
        portal.WriteAsync<Guid?>(
            TenantScope.Installation,
            async (db, ct) =>
            {
                var owners = await db.Users.Where(user => user.IsOperator).Select(user => user.Id).ToListAsync(ct);
                if (owners.Count == 0 || await db.Tenants.AnyAsync(ct))
                {
                    return null;
                }

                var tenantId = AddTenant(db, owners);
                var senderId = await AddSenderAsync(db, tenantId, ct);
                AddContacts(db, tenantId);
                AddSegments(db, tenantId);
                AddTemplate(db, tenantId);
                AddDraft(db, tenantId, senderId);
                await AuditLog.AppendAsync(
                    db,
                    tenantId,
                    Actor.System,
                    portal.Time.GetUtcNow(),
                    "tenant.seeded",
                    "tenant",
                    tenantId.ToString(),
                    "Northwind Garden",
                    new { contacts = People },
                    ct
                );
                return tenantId;
            },
            cancellation
        );

    private Guid AddTenant(PortalDbContext db, List<Guid> owners)
    {
        var now = portal.Time.GetUtcNow();
        var tenantId = ids.New();
        db.Tenants.Add(
            new Tenant
            {
                Id = tenantId,
                Name = "Northwind Garden",
                Slug = Slug,
                TimeZone = "Europe/Berlin",
                CreatedAt = now,
            }
        );
        db.Memberships.AddRange(
            owners.Select(owner => new Membership
            {
                TenantId = tenantId,
                UserId = owner,
                Role = TenantRole.Owner,
                CreatedAt = now,
            })
        );
        return tenantId;
    }

    private async Task<Guid> AddSenderAsync(PortalDbContext db, Guid tenantId, CancellationToken cancellation)
    {
        var now = portal.Time.GetUtcNow();
        var accountId = await db
            .ProviderAccounts.Where(account => account.IsCurrent)
            .Select(account => account.Id)
            .SingleAsync(cancellation);
        var domain = new SendingDomain
        {
            TenantId = tenantId,
            Id = ids.New(),
            Name = Domain,
            AccountId = accountId,
            ProviderDomainId = ResendEmulator.Hosting.EmulatorIds.Stable(Domain),
            Status = DomainStatus.Verified,
            CheckedAt = now,
            CreatedAt = now,
        };
        var sender = new SenderIdentity
        {
            TenantId = tenantId,
            Id = ids.New(),
            DomainId = domain.Id,
            LocalPart = "news",
            DisplayName = "Northwind Garden",
            CreatedAt = now,
        };
        db.SendingDomains.Add(domain);
        db.SenderIdentities.Add(sender);
        return sender.Id;
    }

    private void AddContacts(PortalDbContext db, Guid tenantId)
    {
        var now = portal.Time.GetUtcNow();
        for (var i = 0; i < People; i++)
        {
            var (first, last) = (FirstNames[i % FirstNames.Length], LastNames[i % LastNames.Length]);
            var typed = $"{Ascii(first)}.{Ascii(last)}@{ReadersDomain}".ToLowerInvariant();
            if (!EmailAddress.TryParse(typed, out var address, out var reason))
            {
                throw new InvalidOperationException(reason);
            }

            var contactId = ids.New();
            db.Contacts.Add(
                new Contact
                {
                    TenantId = tenantId,
                    Id = contactId,
                    Email = address.Typed,
                    NormalizedEmail = address.Normalized,
                    // A few have no name, so that fallbacks in merge fields can be seen at work.
                    FirstName = i % 13 == 12 ? null : first,
                    LastName = i % 13 == 12 ? null : last,
                    CreatedAt = now,
                    UpdatedAt = now,
                    Tags =
                    [
                        .. Tags(i)
                            .Select(tag => new ContactTag
                            {
                                TenantId = tenantId,
                                ContactId = contactId,
                                Tag = tag,
                            }),
                    ],
                }
            );
        }
    }

    private static IEnumerable<string> Tags(int person)
    {
        yield return Towns[person % Towns.Length];
        if (person % 3 != 0)
        {
            yield return "newsletter";
        }

        if (person % 10 == 4)
        {
            yield return "vip";
        }
    }

    private void AddSegments(PortalDbContext db, Guid tenantId)
    {
        AddSegment(db, tenantId, "North and south", SegmentMatch.Any, "lisbon", "oslo");
        AddSegment(db, tenantId, "Loyal readers", SegmentMatch.All, "newsletter", "vip");
    }

    private void AddSegment(PortalDbContext db, Guid tenantId, string name, SegmentMatch match, params string[] tags)
    {
        var segmentId = ids.New();
        db.Segments.Add(
            new Segment
            {
                TenantId = tenantId,
                Id = segmentId,
                Name = name,
                Match = match,
                CreatedAt = portal.Time.GetUtcNow(),
                Tags =
                [
                    .. tags.Select(tag => new SegmentTag
                    {
                        TenantId = tenantId,
                        SegmentId = segmentId,
                        Tag = tag,
                    }),
                ],
            }
        );
    }

    private void AddTemplate(PortalDbContext db, Guid tenantId)
    {
        var now = portal.Time.GetUtcNow();
        db.Templates.Add(
            new Template
            {
                TenantId = tenantId,
                Id = ids.New(),
                Name = "Monthly letter",
                Subject = "What to do in the garden this month",
                Html = """
                <h1>The garden this month</h1>
                <p>Dear {{fallback first_name "reader"}},</p>
                <p>here is what to sow, what to cut and what to leave alone.</p>
                <p>Northwind Garden, 12 Harbour Street, Bergen</p>
                <p><a href="{{unsubscribe_url}}">Unsubscribe</a></p>
                """,
                Version = 1,
                CreatedAt = now,
                UpdatedAt = now,
            }
        );
    }

    private void AddDraft(PortalDbContext db, Guid tenantId, Guid senderId)
    {
        var now = portal.Time.GetUtcNow();
        db.Campaigns.Add(
            new Campaign
            {
                TenantId = tenantId,
                Id = ids.New(),
                Name = "Spring planting",
                Status = CampaignStatus.Draft,
                SenderId = senderId,
                Subject = "{{fallback first_name \"Hello\"}}, it is time to plant",
                Html = """
                <h1>Spring is here</h1>
                <p>Dear {{fallback first_name "reader"}},</p>
                <p>the first tomatoes can go out this week. We wrote down what grows where, and when.</p>
                <p><a href="https://example.com/spring">Read the planting calendar</a></p>
                <p>Northwind Garden, 12 Harbour Street, Bergen</p>
                <p><a href="{{unsubscribe_url}}">Unsubscribe</a></p>
                """,
                AudienceKind = AudienceKind.Tag,
                AudienceTag = "newsletter",
                CreatedBy = "Ledgerpost",
                CreatedAt = now,
                UpdatedAt = now,
            }
        );
    }

    private static string Ascii(string name) =>
        string.Concat(name.Normalize(System.Text.NormalizationForm.FormD).Where(char.IsAsciiLetter));
}
