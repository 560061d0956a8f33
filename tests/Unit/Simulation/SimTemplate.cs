using System.Security.Cryptography;
using System.Text;
using Ledgerpost;
using Microsoft.Data.Sqlite;
using UnitTests.Support;

namespace UnitTests.Simulation;

/// <summary>A migrated database with two tenants and their contacts, made once; each world starts from a copy.</summary>
internal sealed record SimTemplate(byte[] File, TestTenant North, TestTenant South, DateTimeOffset Start)
{
    public const string ApiKey = "re_emulator";
    public const string BaseUrl = "http://provider.test";
    public const int NorthContacts = 40;
    public const int SouthContacts = 9;

    private static readonly Lazy<Task<SimTemplate>> Made = new(MakeAsync);

    public static Task<SimTemplate> Instance => Made.Value;

    /// <summary>On memory where there is such a folder: the file is real, the disk is not what is tested.</summary>
    public static string NewFolder()
    {
        var parent = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        var folder = Path.Combine(parent, "ledgerpost-sim-" + Path.GetRandomFileName());
        Directory.CreateDirectory(folder);
        return folder;
    }

    private static async Task<SimTemplate> MakeAsync()
    {
        var time = new ManualTime();
        await using var database = await TestDatabase.CreateAsync(time);
        var north = await database.AddTenantAsync("north");
        var south = await database.AddTenantAsync("south");
        for (var i = 1; i <= NorthContacts; i++)
        {
            // Some that the provider refuses, where the seed's provider does.
            var domain = i % 17 == 5 ? "example.com" : "example.net";
            await database.AddContactAsync(north, $"north{i}@{domain}", i <= 20 ? ["first"] : ["second"]);
        }

        for (var i = 1; i <= SouthContacts; i++)
        {
            await database.AddContactAsync(south, $"south{i}@example.net");
        }

        var copy = Path.GetTempFileName();
        await using (var connection = new SqliteConnection(database.ConnectionString))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText =
                "UPDATE \"ProviderAccounts\" SET \"KeyFingerprint\" = @key; PRAGMA wal_checkpoint(TRUNCATE); VACUUM INTO @copy;";
            command.Parameters.AddWithValue(
                "@key",
                Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ApiKey)))
            );
            command.Parameters.AddWithValue("@copy", copy + ".db");
            await command.ExecuteNonQueryAsync();
        }

        var file = await System.IO.File.ReadAllBytesAsync(copy + ".db");
        System.IO.File.Delete(copy);
        System.IO.File.Delete(copy + ".db");
        return new SimTemplate(file, north, south, time.GetUtcNow());
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
