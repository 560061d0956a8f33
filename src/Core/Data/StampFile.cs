using System.Text.Json;

namespace Ledgerpost.Data;

/// <summary>What the file remembers of the database beside it.</summary>
public sealed record Stamp(long Number, int Epoch);

/// <summary>
/// A small file in the data directory that remembers how far the database was. It is written after the database, so it
/// can be behind it but never ahead, unless an older database was put in its place.
/// </summary>
public sealed class StampFile(string path)
{
    /// <returns>Null when there is none, or none that can be read: then it says nothing.</returns>
    public Stamp? Read()
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<Stamp>(File.ReadAllBytes(path)) : null;
        }
        catch (Exception exception) when (exception is JsonException or IOException)
        {
            return null;
        }
    }

    public void Write(Stamp stamp)
    {
        // Beside it and then moved: a crash leaves the old one or the new one.
        var draft = path + ".new";
        File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes(stamp));
        File.Move(draft, path, overwrite: true);
    }
}
