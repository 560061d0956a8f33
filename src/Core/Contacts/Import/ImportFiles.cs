using System.Collections.Concurrent;

namespace Ledgerpost.Contacts.Import;

/// <summary>Uploaded files while they are worked on, in a folder of the data directory; deleted when their import ends.</summary>
public sealed class ImportFiles
{
    /// <summary>200 MB, four million lines or so.</summary>
    public const long MaxBytes = 200 * 1024 * 1024;

    private readonly string _folder;

    // Only this process writes into the folder, so it knows which of its files nobody can know yet.
    private readonly ConcurrentDictionary<Guid, bool> _comingIn = new();

    /// <param name="folder">Made where it is missing.</param>
    public ImportFiles(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
    }

    /// <summary>The imports whose files are here.</summary>
    public IReadOnlyList<Guid> Here() =>
        [
            .. Directory
                .EnumerateFiles(_folder, "*.csv")
                .Select(path => Guid.TryParse(Path.GetFileNameWithoutExtension(path), out var id) ? id : (Guid?)null)
                .OfType<Guid>(),
        ];

    /// <summary>
    /// Those whose import has a row, or never will: a file stands before its row, and is left out until
    /// <see cref="CameIn"/> says that there is one.
    /// </summary>
    public IReadOnlyList<Guid> Settled() => [.. Here().Where(id => !_comingIn.ContainsKey(id))];

    /// <summary>The import has its row, or was given up.</summary>
    public void CameIn(Guid importId) => _comingIn.TryRemove(importId, out _);

    public bool Has(Guid importId) => File.Exists(PathOf(importId));

    /// <summary>Streams to the disk, so that memory does not grow with the file.</summary>
    /// <returns>
    /// Bytes written, or null when there are more than <see cref="MaxBytes"/>; then nothing is kept. Of what is kept the caller
    /// says <see cref="CameIn"/>.
    /// </returns>
    public async Task<long?> SaveAsync(Guid importId, Stream content, CancellationToken cancellation)
    {
        var kept = false;
        // Before the file is there: a sweep lists files first.
        _comingIn[importId] = true;
        try
        {
            await using var file = new FileStream(
                PathOf(importId),
                FileMode.CreateNew,
                FileAccess.Write,
                FileShare.None,
                81920,
                FileOptions.Asynchronous
            );
            var buffer = new byte[81920];
            long written = 0;
            while (await content.ReadAsync(buffer, cancellation) is > 0 and var read)
            {
                written += read;
                if (written > MaxBytes)
                {
                    return null;
                }

                await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }

            // The import's row will promise that the file is there, even after the power fails.
            file.Flush(flushToDisk: true);
            kept = true;
            return written;
        }
        finally
        {
            if (!kept)
            {
                Delete(importId);
                CameIn(importId);
            }
        }
    }

    /// <exception cref="FileNotFoundException">It is not there, or not any more.</exception>
    public Stream Open(Guid importId) =>
        new FileStream(PathOf(importId), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1);

    public void Delete(Guid importId) => File.Delete(PathOf(importId));

    private string PathOf(Guid importId) => Path.Combine(_folder, $"{importId:N}.csv");
}
