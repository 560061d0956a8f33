using System.Security.Cryptography;
using System.Text;
using Ledgerpost;
using Microsoft.Data.Sqlite;
using UnitTests.Support;

namespace UnitTests.Simulation;

/// <summary>How many contacts a world has. Most of what can go wrong needs few people and many interleavings.</summary>
internal enum SimSize
{
    Tiny,
    Small,
    Large,
}

/// <summary>A migrated database with two tenants and their contacts, made once; each world starts from a copy.</summary>
internal sealed record SimTemplate(
    byte[] File,
    TestTenant North,
    TestTenant South,
    int NorthContacts,
    int SouthContacts,
    DateTimeOffset Start
)
{
    public const string ApiKey = "re_emulator";

    /// <summary>Of the same team.</summary>
    public const string SecondKey = "re_second";

    /// <summary>Of another team, which shares neither mails nor idempotency keys with the first.</summary>
    public const string OtherTeamsKey = "re_other";

    public const string BaseUrl = "http://provider.test";

    private static readonly Dictionary<SimSize, Lazy<Task<SimTemplate>>> Made = new()
    {
        [SimSize.Tiny] = new(() => MakeAsync(6, 2)),
        [SimSize.Small] = new(() => MakeAsync(14, 4)),
        [SimSize.Large] = new(() => MakeAsync(40, 9)),
    };

    public static SimTemplate Of(SimSize size) => Made[size].Value.GetAwaiter().GetResult();

    /// <summary>On memory where there is such a folder: the file is real, the disk is not what is tested.</summary>
    public static string NewFolder()
    {
        var parent = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        var folder = Path.Combine(parent, "ledgerpost-sim-" + Path.GetRandomFileName());
        Directory.CreateDirectory(folder);
        return folder;
    }

    private static async Task<SimTemplate> MakeAsync(int northContacts, int southContacts)
    {
        var time = new ManualTime();
        await using var database = await TestDatabase.CreateAsync(time);
        var north = await database.AddTenantAsync("north");
        var south = await database.AddTenantAsync("south");
        for (var i = 1; i <= northContacts; i++)
        {
            // Some that the provider refuses, where the seed's provider does.
            var domain = i % 17 == 5 ? "example.com" : "example.net";
            await database.AddContactAsync(
                north,
                $"north{i}@{domain}",
                i <= northContacts / 2 ? ["first"] : ["second"]
            );
        }

        for (var i = 1; i <= southContacts; i++)
        {
            await database.AddContactAsync(south, $"south{i}@example.net");
        }

        await using (var connection = new SqliteConnection(database.ConnectionString))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = """
                UPDATE "ProviderAccounts" SET "KeyFingerprint" = @key;
                -- The installation's provider knows these, verified, under ids of its own: a look finds that, and changes nothing.
                UPDATE "SendingDomains" SET "NextCheckAt" = 9000000000000000, "ProviderDomainId" = NULL;
                UPDATE "AspNetUsers" SET "IsOperator" = 1;
                """;
            command.Parameters.AddWithValue(
                "@key",
                Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ApiKey)))
            );
            await command.ExecuteNonQueryAsync();
        }

        var file = await SqliteTemplate.ReadAsync(database.ConnectionString);
        return new SimTemplate(file, north, south, northContacts, southContacts, time.GetUtcNow());
    }
}

/// <summary>Counts upwards, apart from the template's ids.</summary>
internal sealed class SimIds : IIds
{
    private int _last;

    public Guid New()
    {
        var bytes = new byte[16];
        bytes[0] = 1;
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(12), ++_last);
        bytes[6] = 0x70;
        bytes[8] = 0x80;
        return new Guid(bytes, bigEndian: true);
    }
}
