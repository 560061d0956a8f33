using System.Security.Cryptography;
using Ledgerpost.Audit;

namespace AdminPortal.Hosting;

/// <summary>
/// The key of the audit log where no setting names one: a file of the data directory, for its owner only, made at the first
/// start. It belongs to the installation as its database does, and to a backup that lies elsewhere.
/// </summary>
internal static class AuditKeyFile
{
    public const string Name = "audit.key";

    /// <param name="given">Of <c>Audit:Key</c>; the file is left alone when there is one.</param>
    /// <param name="mayMake">False for whoever only reads: a new key would verify nothing.</param>
    /// <exception cref="StartRefusedException">The file is not there or cannot be made, or what lies there is no key.</exception>
    public static AuditKeys Read(string dataDirectory, IReadOnlyList<byte[]> given, bool mayMake = true)
    {
        if (given.Count > 0)
        {
            return new AuditKeys(given);
        }

        var path = Path.Combine(dataDirectory, Name);
        try
        {
            if (mayMake && !File.Exists(path))
            {
                Make(path);
            }

            return new AuditKeys(Convert.FromBase64String(File.ReadAllText(path))) { Origin = path };
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or FormatException or ArgumentException)
        {
            throw new StartRefusedException(
                $"{path} cannot be read as the key of the audit log: {exception.Message} "
                    + "Put back the file that belongs to this database, or set Audit:Key. Without it the log cannot be verified, and what is encrypted in the database cannot be opened."
            );
        }
    }

    // Under another name first: half a key would be taken for the key.
    private static void Make(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(path + ".new", options))
        {
            stream.Write(
                System.Text.Encoding.ASCII.GetBytes(
                    Convert.ToBase64String(RandomNumberGenerator.GetBytes(AuditKeys.Length)) + "\n"
                )
            );
            stream.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path);
    }
}
