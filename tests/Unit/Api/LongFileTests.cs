using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Api;

/// <summary>
/// Long files of contacts over real HTTP: made while they are sent, and of no length that is said. No other test runs meanwhile in
/// the process whose memory is looked at.
/// </summary>
[CollectionDefinition(nameof(LongFileTests), DisableParallelization = true)]
[Collection(nameof(LongFileTests))]
[Trait("Category", "Long")]
public sealed class LongFileTests : IAsyncLifetime
{
    private ApiHost _api = null!;
    private HttpClient _program = null!;

    public async Task InitializeAsync()
    {
        _api = await ApiHost.StartAsync();
        _program = await _api.ProgramAsync(_api.North);
    }

    public async Task DisposeAsync()
    {
        _program.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task FileOfAHundredMegabytes_IsTakenAndImported_AndNeverStandsInMemory()
    {
        const int Lines = 1_700;
        const long Room = 32_000_000;
        // Once for what a first file makes beside it.
        await FinishedAsync(await SendAsync(1, () => { }));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var held = 0L;

        // When the last of it is on its way, all the rest has been taken.
        var begun = await SendAsync(Lines, () => held = GC.GetTotalMemory(forceFullCollection: true) - before);
        var done = await FinishedAsync(begun);

        Assert.Equal(202, begun.Status);
        Assert.InRange(held, long.MinValue, Room);
        Assert.Equal(
            ("completed", $"{Lines}", $"{Lines - 1}", "1"),
            (done.Text("status"), done.Text("lines"), done.Text("accepted"), done.Text("updated"))
        );
    }

    [Fact]
    public async Task FileInChunks_ThatBecomesTooLong_IsRefusedAsOneWhoseLengthIsSaid_AndNothingIsKept()
    {
        // By less than a line, so that it is all on its way when it is refused.
        var lines = (int)(ImportFiles.MaxBytes / Line(0).Length) + 1;

        var refused = await SendAsync(lines, () => { });

        Assert.Equal((413, "body_too_large"), (refused.Status, refused.Code));
        Assert.Empty(_api.Host.Get<ImportFiles>().Here());
        Assert.Empty(Directory.EnumerateFiles(_api.Host.Folder, "*.csv", SearchOption.AllDirectories));
        await using var db = _api.Host.Get<PortalDb>().Read(_api.North.Caller.Scope);
        Assert.False(await db.ContactImports.AnyAsync());
    }

    /// <summary>About 60 KB, nearly all of it in a column that is passed over: much to send, and little to import.</summary>
    private static byte[] Line(int number) =>
        Encoding.UTF8.GetBytes($"long{number:D5}@example.net,{new string('x', 60_000)}\n");

    private async Task<ApiReply> SendAsync(int lines, Action beforeTheLast)
    {
        var pipe = new Pipe();
        // No stream that knows its length: it is sent in chunks.
        using var form = new MultipartFormDataContent
        {
            { new StreamContent(pipe.Reader.AsStream()), "file", "long.csv" },
        };
        var writing = WriteAsync(pipe.Writer, lines, beforeTheLast);
        var reply = await _program.CreateAsync("contacts/imports", form);
        await pipe.Reader.CompleteAsync();
        await writing;
        return reply;
    }

    private static async Task WriteAsync(PipeWriter file, int lines, Action beforeTheLast)
    {
        await file.WriteAsync("email,?\n"u8.ToArray());
        for (var number = 0; number < lines; number++)
        {
            if (number == lines - 1)
            {
                beforeTheLast();
            }

            if ((await file.WriteAsync(Line(number))).IsCompleted)
            {
                break;
            }
        }

        await file.CompleteAsync();
    }

    private async Task<ApiReply> FinishedAsync(ApiReply begun)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var seen = await _program.SendAsync(HttpMethod.Get, $"contacts/imports/{begun.Text("id")}");
            if (seen.Text("status") is not ("queued" or "running"))
            {
                return seen;
            }

            Assert.True(
                Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60),
                "The import does not come to its end."
            );
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }
}
