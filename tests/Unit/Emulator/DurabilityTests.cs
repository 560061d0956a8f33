using ResendEmulator.Faults;
using UnitTests.Emulator.Support;
using static UnitTests.Emulator.Support.EmulatorHarness;

namespace UnitTests.Emulator;

public sealed class DurabilityTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("emulator-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Restart_OnTheSameDirectory_ForgetsNothing()
    {
        Reply first;
        await using (var emulator = await StartAsync(options => options.DataDirectory = _directory))
        {
            first = await emulator.BatchAsync(Batch("a@one.test", "b@one.test"), "k1");
            await emulator.Control.AdvanceClockAsync(TimeSpan.FromHours(2));
        }

        await using var again = await StartAsync(options => options.DataDirectory = _directory);
        var repeat = await again.BatchAsync(Batch("a@one.test", "b@one.test"), "k1");

        Assert.Equal(first.Ids, repeat.Ids);
        Assert.Equal(2, (await again.Control.StateAsync()).Mails);
        Assert.Equal(TimeSpan.FromHours(2), (await again.Control.StateAsync()).ClockOffset);
        Assert.Equal(2, (await again.Control.CallsAsync()).Count);
        Assert.Equal(200, (await again.GetAsync($"/emails/{first.Ids[0]}")).Code);
    }

    [Fact]
    public async Task WhatWasAnswered_IsOnDisk_EvenIfTheProcessDiesAtThatMoment()
    {
        await using var running = await StartAsync(options => options.DataDirectory = _directory);
        var first = await running.BatchAsync(Batch("a@one.test"), "k1");

        // The files as they are now, beside the running emulator: what a kill -9 would leave behind.
        var left = Directory.CreateDirectory(Path.Combine(_directory, "left")).FullName;
        foreach (
            var file in Directory
                .GetFiles(_directory, "emulator.db*")
                .Where(f => !f.EndsWith("-shm", StringComparison.Ordinal))
        )
        {
            await using var from = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            await using var to = File.Create(Path.Combine(left, Path.GetFileName(file)));
            await from.CopyToAsync(to);
        }

        await using var after = await StartAsync(options => options.DataDirectory = left);
        var repeat = await after.BatchAsync(Batch("a@one.test"), "k1");

        Assert.Equal(first.Ids, repeat.Ids);
        Assert.Equal(1, (await after.Control.StateAsync()).Mails);
    }

    [Fact]
    public async Task Script_ThatHasPlayed_IsNotPlayedAgainAfterARestart()
    {
        await using (var emulator = await StartAsync(options => options.DataDirectory = _directory))
        {
            await emulator.Control.SetFaultsAsync(new FaultRule { From = 2, Times = 1 });
            Assert.Equal(200, (await emulator.BatchAsync(Batch("a@one.test"))).Code);
            Assert.Equal(503, (await emulator.BatchAsync(Batch("b@one.test"))).Code);
        }

        await using var again = await StartAsync(options => options.DataDirectory = _directory);
        Assert.Equal(200, (await again.BatchAsync(Batch("b@one.test"))).Code);
    }

    [Fact]
    public async Task Reset_ForgetsMailsKeysAndFaults_AndKeepsTheSeededDomain()
    {
        await using var emulator = await StartAsync(options => options.DataDirectory = _directory);
        var first = await emulator.BatchAsync(Batch("a@one.test"), "k1");
        await emulator.Control.SetFaultsAsync(new FaultRule());
        await emulator.Control.ResetAsync();
        var again = await emulator.BatchAsync(Batch("a@one.test"), "k1");

        Assert.Equal(200, again.Code);
        Assert.NotEqual(first.Ids, again.Ids);
        Assert.Equal(1, (await emulator.Control.StateAsync()).Mails);
    }

    [Fact]
    public async Task ManyAtOnce_AreAllThere_OnceEach()
    {
        await using var emulator = await StartAsync(options => options.DataDirectory = _directory);
        var replies = await Task.WhenAll(
            Enumerable.Range(0, 60).Select(i => emulator.BatchAsync(Batch($"a{i}@one.test", $"b{i}@one.test"), $"k{i}"))
        );

        Assert.All(replies, reply => Assert.Equal(200, reply.Code));
        var state = await emulator.Control.StateAsync();
        Assert.Equal((120, 120, 0), (state.Mails, state.Addresses, state.Duplicates));
        Assert.Equal(120, replies.SelectMany(reply => reply.Ids).Distinct().Count());
    }

    [Fact]
    public async Task SecondEmulator_OnTheSameDirectory_IsRefused()
    {
        await using var first = await StartAsync(options => options.DataDirectory = _directory);
        await Assert.ThrowsAsync<IOException>(() => StartAsync(options => options.DataDirectory = _directory));
    }
}
