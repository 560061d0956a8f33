using System.Globalization;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Segments;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace UnitTests.Isolation;

/// <summary>
/// One row of every table that belongs to a tenant, made from the model: a table that comes later is in it without a word. Each
/// text is the tenant's canary, as far as the column is long enough for it.
/// </summary>
internal sealed class TenantRows
{
    /// <summary>Of whatever is numbered within something: beyond those that were there before.</summary>
    public const int Number = 100;

    private readonly Dictionary<IEntityType, object> _rows = [];
    private readonly Guid _tenantId;
    private readonly string _canary;
    private int _next;

    private TenantRows(Guid tenantId, string canary) => (_tenantId, _canary) = (tenantId, canary);

    /// <summary>The ids of the tenant's things, by the name of their table.</summary>
    public IReadOnlyDictionary<string, Guid> Ids =>
        _rows
            .Where(row => row.Key.FindProperty("Id")?.ClrType == typeof(Guid))
            .ToDictionary(
                row => row.Key.ClrType.Name,
                row => (Guid)row.Key.FindProperty("Id")!.PropertyInfo!.GetValue(row.Value)!,
                StringComparer.Ordinal
            );

    public static IReadOnlyList<IEntityType> Tables(PortalDbContext db) =>
        [.. db.Model.GetEntityTypes().Where(entity => entity.ClrType.IsAssignableTo(typeof(ITenantOwned)))];

    /// <param name="tenantId">A tenant that is there already, with members.</param>
    public static async Task<TenantRows> AddAsync(PortalDb portal, Guid tenantId, string canary)
    {
        var rows = new TenantRows(tenantId, canary);
        await portal.WriteAsync(
            TenantScope.For(tenantId),
            async (db, token) =>
            {
                rows._rows.Clear();
                foreach (var table in InOrder(Tables(db)))
                {
                    await rows.AddAsync(db, table, token);
                }
            },
            CancellationToken.None
        );
        return rows;
    }

    /// <summary>Everything that the tenant has, row by row, as text.</summary>
    public static async Task<IReadOnlyList<string>> DumpAsync(PortalDb portal, Guid tenantId)
    {
        await using var db = portal.Read(TenantScope.For(tenantId));
        var lines = new List<string>();
        foreach (var table in Tables(db))
        {
            foreach (var row in await AllAsync(db, table))
            {
                lines.Add(
                    table.ClrType.Name
                        + ": "
                        + string.Join(", ", table.GetProperties().Select(column => Text(row, column)))
                );
            }
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    private static async Task<IReadOnlyList<object>> AllAsync(PortalDbContext db, IEntityType table)
    {
        var set =
            (IQueryable<object>)
                typeof(PortalDbContext)
                    .GetMethod(nameof(DbContext.Set), 1, [])!
                    .MakeGenericMethod(table.ClrType)
                    .Invoke(db, [])!;
        return await set.AsNoTracking().ToListAsync();
    }

    private static string Text(object row, IProperty column) =>
        column.Name
        + "="
        + (
            column.PropertyInfo?.GetValue(row) switch
            {
                null => "-",
                byte[] bytes => Convert.ToHexString(bytes),
                IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
                var value => value.ToString(),
            }
        );

    // Parents before children.
    private static List<IEntityType> InOrder(IEnumerable<IEntityType> tables)
    {
        var left = tables.ToList();
        var ordered = new List<IEntityType>();
        while (left.Count > 0)
        {
            var next = left.First(table =>
                table
                    .GetForeignKeys()
                    .All(key => key.PrincipalEntityType == table || !left.Contains(key.PrincipalEntityType))
            );
            left.Remove(next);
            ordered.Add(next);
        }

        return ordered;
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
                "ProviderAccount" => await db.ProviderAccounts.FirstAsync(token),
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
                "Records" => "[]",
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
