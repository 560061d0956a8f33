using System.Net.Sockets;
using System.Text.Json;
using Ledgerpost.Data;

namespace AdminPortal.Hosting;

/// <summary>What a verb asks of the portal that runs on its data directory: its words without the settings.</summary>
internal sealed record VerbQuestion(string[] Args);

/// <summary>What the verb would have written and ended with, had it done the work itself.</summary>
public sealed record VerbReply(int Exit, string Output, string Messages);

/// <summary>
/// A Unix domain socket in the data directory, for its owner only: over it a verb asks the portal that runs there. One line
/// of JSON each way. It is no part of the web server: nothing that comes over the network reaches it.
/// </summary>
public sealed class VerbSocket(DataDirectory directory, PortalDb db, TimeProvider time, ILogger<VerbSocket> logger)
    : BackgroundService
{
    /// <summary>A line's length; a question is a few words.</summary>
    private const int MostCharacters = 64 * 1024;

    /// <summary>For the question to arrive, and for the answer to be taken.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private Socket? _listening;

    public static string PathIn(string dataDirectory) => Path.Combine(Path.GetFullPath(dataDirectory), "portal.sock");

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _listening = Listen();
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (_listening is { } listening)
        {
            listening.Dispose();
            File.Delete(PathIn(directory.Path));
        }
    }

    public override void Dispose()
    {
        _listening?.Dispose();
        base.Dispose();
    }

    /// <summary>Asks the portal that runs on the directory.</summary>
    /// <returns>Null when none answers there: it is of an older version, starting, or stopping.</returns>
    /// <exception cref="StartRefusedException">It took the question and did not answer: what became of it is not known.</exception>
    public static async Task<VerbReply?> AskAsync(string dataDirectory, string[] args)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(PathIn(dataDirectory)));
        }
        // The path may be longer than an address of a socket can be.
        catch (Exception exception)
            when (exception is SocketException or ArgumentException or PlatformNotSupportedException)
        {
            return null;
        }

        try
        {
            await using var stream = new NetworkStream(socket);
            await WriteAsync(stream, new VerbQuestion(args), CancellationToken.None);
            if (await ReadAsync<VerbReply>(stream, CancellationToken.None) is { } reply)
            {
                return reply;
            }
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            // Said below, as when it closed without a word.
        }

        throw new StartRefusedException(
            "The portal that runs on this data directory took the question and did not answer. It may have done it: look before you try again."
        );
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (_listening is { } listening && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                using var asking = await listening.AcceptAsync(stoppingToken);
                await AnswerAsync(asking, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                // Stopping, or somebody who connected and said nothing.
            }
            catch (Exception failure) when (failure is IOException or SocketException or JsonException)
            {
                logger.LogWarning(failure, "A verb could not be answered over the socket in the data directory.");
            }
        }
    }

    private Socket? Listen()
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        var path = PathIn(directory.Path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Whoever left one behind is dead: the directory's lock is mine.
            File.Delete(path);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            // Before it listens: until then nobody can connect.
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen();
            return socket;
        }
        catch (Exception exception)
            when (exception is SocketException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            logger.LogWarning(
                "Verbs cannot ask this portal while it runs: {Path} cannot be listened on ({Problem}). A shorter Portal:DataDirectory on a local disk mends it.",
                path,
                exception.Message
            );
            return null;
        }
    }

    private async Task AnswerAsync(Socket asking, CancellationToken stopping)
    {
        await using var stream = new NetworkStream(asking);
        VerbQuestion? question;
        using (var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping))
        using (time.CreateTimer(_ => patience.Cancel(), null, Patience, Timeout.InfiniteTimeSpan))
        {
            question = await ReadAsync<VerbQuestion>(stream, patience.Token);
        }

        if (question?.Args is not { } args)
        {
            return;
        }

        using var output = new StringWriter();
        using var messages = new StringWriter();
        int exit;
        try
        {
            exit = await Verbs.AnswerAsync(db, args, output, messages, stopping);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            logger.LogError(failure, "A verb failed that was asked over the socket in the data directory.");
            exit = 1;
            await messages.WriteLineAsync("It failed; the portal's log says why.");
        }

        await WriteAsync(stream, new VerbReply(exit, output.ToString(), messages.ToString()), stopping);
    }

    private static async Task WriteAsync<T>(NetworkStream stream, T line, CancellationToken cancellation)
    {
        await stream.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(line), (byte)'\n'], cancellation);
    }

    private static async Task<T?> ReadAsync<T>(NetworkStream stream, CancellationToken cancellation)
    {
        var line = new MemoryStream();
        var buffer = new byte[4096];
        while (line.Length < MostCharacters && await stream.ReadAsync(buffer, cancellation) is > 0 and var read)
        {
            line.Write(buffer, 0, read);
            if (buffer[read - 1] == (byte)'\n')
            {
                return JsonSerializer.Deserialize<T>(line.ToArray());
            }
        }

        return default;
    }
}
