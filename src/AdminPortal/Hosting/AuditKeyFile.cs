using System.Security.Cryptography;
using Ledgerpost.Audit;

namespace AdminPortal.Hosting;

/// <summary>
/// The key of the audit log where no setting names one: a file of the data directory, for its owner only, made at the first
/// start, once the database has shown that it had none. It belongs to the installation as its database does, and to a backup that
/// lies elsewhere.
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
        return mayMake && !File.Exists(path) ? New(path) : Try(path, () => Read(path));
    }

    private static AuditKeys Read(string path) =>
        new(Convert.FromBase64String(File.ReadAllText(path))) { Origin = path };

    // Not written yet: where the database had a key, the file that is missing must not seem to be there.
    private static AuditKeys New(string path)
    {
        var key = RandomNumberGenerator.GetBytes(AuditKeys.Length);
        return AuditKeys.New(
            key,
            path,
            () =>
                Try(
                    path,
                    () =>
                    {
                        Write(path, key);
                        return true;
                    }
                )
        );
    }

    private static T Try<T>(string path, Func<T> work)
    {
        try
        {
            return work();
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
    private static void Write(string path, byte[] key)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(path + ".new", options))
        {
            stream.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(key) + "\n"));
            stream.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path);
    }
}
