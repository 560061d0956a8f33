namespace AdminPortal.Features.Contacts;

/// <summary>Tells each whole percent.</summary>
internal sealed class CountedStream(Stream inner, long size, Func<int, Task> tell) : ReadThroughStream(inner)
{
    private long _read;
    private int _told;

    protected override async ValueTask PassedAsync(ReadOnlyMemory<byte> read)
    {
        _read += read.Length;
        var percent = size == 0 ? 100 : (int)(100 * _read / size);
        if (percent > _told)
        {
            _told = percent;
            await tell(percent);
        }
    }
}
