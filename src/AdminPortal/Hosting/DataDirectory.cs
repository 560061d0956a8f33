namespace AdminPortal.Hosting;

/// <summary>The folder of one installation, held by one process: two would send the same mail.</summary>
public sealed class DataDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    /// <summary><c>data</c> beside the solution when run from source, else in the working directory.</summary>
    public static string Default(string contentRoot)
    {
        for (var folder = new DirectoryInfo(contentRoot); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "AdminPortal.sln")))
            {
                return System.IO.Path.Combine(folder.FullName, "data");
            }
        }

        return System.IO.Path.Combine(Environment.CurrentDirectory, "data");
    }

    /// <summary>Makes the folder, for its owner only, and takes its lock; the operating system drops it with the process.</summary>
    /// <exception cref="StartRefusedException">Another process holds it, or it cannot be made.</exception>
    public static DataDirectory Take(string path)
    {
        try
        {
            Create(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(
                $"Portal:DataDirectory {path} cannot be made or written: {exception.Message}"
            );
        }

        var file = System.IO.Path.Combine(path, "portal.lock");
        try
        {
            return new DataDirectory(
                path,
                new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(
                $"Portal:DataDirectory {path} is in use by another Ledgerpost process. "
                    + "One folder belongs to one process, so that nobody is mailed twice. "
                    + "Stop that one, or give this one a folder of its own."
            );
        }
    }

    public void Dispose() => _lock.Dispose();

    private static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, OwnerOnly);
    }
}
