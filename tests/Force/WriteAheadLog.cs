using System.Buffers.Binary;

namespace Force;

/// <summary>The frames of an SQLite write-ahead log that count: those of its present round.</summary>
/// <param name="Commits">Which of them end a transaction, from 1.</param>
internal sealed record WriteAheadLog(int PageSize, int Frames, IReadOnlyList<int> Commits)
{
    private const int Header = 32;
    private const int FrameHeader = 24;

    /// <summary>Format: https://www.sqlite.org/fileformat2.html#walformat, all numbers big-endian.</summary>
    public static WriteAheadLog Read(string file)
    {
        var log = File.ReadAllBytes(file).AsSpan();
        var pageSize = BinaryPrimitives.ReadInt32BigEndian(log[8..]);
        var salts = log[16..24];
        var commits = new List<int>();
        var frames = 0;
        for (
            var at = Header;
            at + FrameHeader + pageSize <= log.Length && log.Slice(at + 8, 8).SequenceEqual(salts);
            at += FrameHeader + pageSize
        )
        {
            frames++;
            // The size of the database after the commit; 0 in every other frame.
            if (BinaryPrimitives.ReadInt32BigEndian(log[(at + 4)..]) != 0)
            {
                commits.Add(frames);
            }
        }

        return new WriteAheadLog(pageSize, frames, commits);
    }

    /// <summary>How long the file is with so many frames.</summary>
    public long LengthOf(int frames) => Header + ((long)frames * (FrameHeader + PageSize));
}
