using System.Globalization;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Segments;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using UnitTests.Support;

namespace UnitTests.Isolation;

/// <summary>
/// One row of every table that belongs to a tenant, made from the model: a table that comes later is in it without a word. Each
/// text is the tenant's canary, as far as the column is long enough for it.
/// </summary>
internal sealed class CanaryRows
{
    /// <summary>Of whatever is numbered within something: beyond those that were there before.</summary>
    public const int Number = 100;

    private readonly Dictionary<IEntityType, object> _rows = [];
    private readonly Guid _tenantId;
    private readonly string _canary;
    private int _next;

    private CanaryRows(Guid tenantId, string canary) => (_tenantId, _canary) = (tenantId, canary);

    /// <summary>The ids of the tenant's things, by the name of their table.</summary>
    public IReadOnlyDictionary<string, Guid> Ids =>
        _rows
            .Where(row => row.Key.FindProperty("Id")?.ClrType == typeof(Guid))
            .ToDictionary(
                row => row.Key.ClrType.Name,
                row => (Guid)row.Key.FindProperty("Id")!.PropertyInfo!.GetValue(row.Value)!,
                StringComparer.Ordinal
            );

    /// <param name="tenantId">A tenant that is there already, with members.</param>
    public static async Task<CanaryRows> AddAsync(PortalDb portal, Guid tenantId, string canary)
    {
        var rows = new CanaryRows(tenantId, canary);
        await portal.WriteAsync(
            TenantScope.For(tenantId),
            async (db, token) =>
            {
                rows._rows.Clear();
                foreach (var table in TenantTables.InOrder(db.Model))
                {
                    await rows.AddAsync(db, table, token);
                }
            },
            CancellationToken.None
        );
        return rows;
    }

    private async Task AddAsync(PortalDbContext db, IEntityType table, CancellationToken token)
    {
        if (table.ClrType == typeof(Ledgerpost.Tenancy.Membership))
        {
            return;
        }

        var row = Activator.CreateInstance(table.ClrType, nonPublic: true)!;
        foreach (var column in table.GetProperties().Where(column => column.PropertyInfo is not null))
        {
            column.PropertyInfo!.SetValue(row, Value(column));
        }

        foreach (var key in table.GetForeignKeys().Where(key => key.PrincipalEntityType != table))
        {
            await PointAsync(db, row, key, token);
        }

        db.Entry(row).State = EntityState.Added;
        await db.SaveChangesAsync(token);
        _rows[table] = row;
    }

    private async Task PointAsync(PortalDbContext db, object row, IForeignKey key, CancellationToken token)
    {
        if (!_rows.TryGetValue(key.PrincipalEntityType, out var parent))
        {
            parent = key.PrincipalEntityType.ClrType.Name switch
            {
                "Tenant" => await db.Tenants.SingleAsync(tenant => tenant.Id == _tenantId, token),
                "PortalUser" => await db.Users.OrderBy(user => user.Email).FirstAsync(token),
                "ProviderAccount" when row is OwnAccount => OwnAccount(db),
                "ProviderAccount" => await db.ProviderAccounts.FirstAsync(account => account.OwnerId == null, token),
                var name => throw new InvalidOperationException($"Say where a {name} comes from."),
            };
        }

        foreach (var (column, of) in key.Properties.Zip(key.PrincipalKey.Properties))
        {
            column.PropertyInfo!.SetValue(row, of.PropertyInfo!.GetValue(parent));
        }
    }

    private ProviderAccount OwnAccount(PortalDbContext db)
    {
        var account = new ProviderAccount
        {
            Id = new Guid(++_next, 1, 0, _tenantId.ToByteArray().AsSpan(8).ToArray()),
            OwnerId = _tenantId,
            BaseUrl = "http://provider.test",
            KeyFingerprint = "own",
            CreatedAt = DateTimeOffset.UnixEpoch.AddDays(20_000),
        };
        db.ProviderAccounts.Add(account);
        return account;
    }

    private object? Value(IProperty column)
    {
        var type = Nullable.GetUnderlyingType(column.ClrType) ?? column.ClrType;
        var number = ++_next;
        return column.Name == nameof(ITenantOwned.TenantId) ? _tenantId
            : column.IsForeignKey() ? null
            // Over, revoked, deleted, finished: what has not happened leaves the row alive.
            : type != column.ClrType ? null
            // Even, so that the next one comes after it in a list.
            : type == typeof(Guid)
                ? new Guid(
                    number,
                    0,
                    0,
                    [.. _tenantId.ToByteArray().AsSpan(8, 7), (byte)(_tenantId.ToByteArray()[15] & 0xFE)]
                )
            : type == typeof(string) ? Word(column, number)
            : type == typeof(byte[]) ? System.Text.Encoding.UTF8.GetBytes(_canary)
            : type == typeof(DateTimeOffset) ? DateTimeOffset.UnixEpoch.AddDays(20_000)
            : type == typeof(TimeSpan) ? TimeSpan.FromSeconds(1)
            // Contacts are named one by one where they can be.
            : type == typeof(SegmentMatch) ? SegmentMatch.Named
            : type == typeof(ImportLineOutcome) ? ImportLineOutcome.Rejected
            : type == typeof(RecipientState) ? RecipientState.Unknown
            : type == typeof(ChunkState) ? ChunkState.Unknown
            : type.IsEnum
                ? Enum.GetValuesAsUnderlyingType(type)
                    .Cast<object>()
                    .Select(value => Enum.ToObject(type, value))
                    .First()
            : type.IsValueType ? Convert.ChangeType(column.IsKey() ? Number : 1, type, CultureInfo.InvariantCulture)
            : null;
    }

    private string Word(IProperty column, int number)
    {
        var word = string.Create(CultureInfo.InvariantCulture, $"{_canary}{number}");
        if (column.Name is "Records" or "ProviderIds" or "Fields" or "Details" or "LeavesOut")
        {
            return column.Name switch
            {
                // As DNS records are kept.
                "Records" =>
                    $$"""[{"record":"{{word}}","type":"{{word}}","name":"{{word}}","value":"{{word}}","status":"{{word}}"}]""",
                // Ids of campaigns; the tenant's own is none.
                "LeavesOut" => _tenantId.ToString(),
                "ProviderIds" => $"[\"{word}\"]",
                _ => $$"""{"{{word}}":"{{word}}"}""",
            };
        }

        if (column.Name is "Email" or "NormalizedEmail")
        {
            return $"{_canary}@example.net";
        }

        return column.GetMaxLength() is { } most && most < word.Length ? word[^most..] : word;
    }
}
