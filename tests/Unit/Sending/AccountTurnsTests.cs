using Ledgerpost.Sending;

namespace UnitTests.Sending;

/// <summary>Hundreds of accounts on a few places, in virtual time: each call takes what its account makes it take.</summary>
public sealed class AccountTurnsTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TimeOut = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Places_AreNeverMoreThanAllowed_AndEverybodyIsDone(int seed)
    {
        var random = new Random(seed);
        var world = new World(places: 16, perAccount: 4);
        for (var account = 0; account < 300; account++)
        {
            world.Add(
                calls: account < 3 ? 60 : random.Next(1, 12),
                takes: TimeSpan.FromMilliseconds(random.Next(5, 3000)),
                failing: random.Next(8) == 0
            );
        }

        world.Run();

        Assert.Equal(16, world.Most);
        Assert.InRange(world.MostOfOne, 2, 4);
        Assert.All(world.Accounts, account => Assert.Equal(0, account.Left));
    }

    [Fact]
    public void WhatComesWhileSomebodyLooks_IsLookedForAgain_AlsoWhereItWasDueLongAgo()
    {
        var turns = new AccountTurns<string>(places: 4, perAccount: 4);
        var id = Guid.NewGuid();
        turns.Wake(id, DateTimeOffset.UnixEpoch, failing: false, () => "work");
        var looking = turns.Take(Start)!;
        turns.Wake(id, DateTimeOffset.UnixEpoch, failing: false, () => "work");

        turns.Rest(looking, until: null, failing: false);

        Assert.NotNull(turns.Take(Start));
    }

    [Fact]
    public void Account_HasItsSecondTurn_OnlyAfterEverybodysFirst()
    {
        var world = new World(places: 4, perAccount: 4);
        for (var account = 0; account < 200; account++)
        {
            world.Add(calls: 3, takes: Quick);
        }

        world.Run();

        var lastFirst = world.Accounts.Max(account => account.Begun[0]);
        var firstSecond = world.Accounts.Min(account => account.Begun[1]);
        Assert.True(lastFirst <= firstSecond, $"{lastFirst - Start} and {firstSecond - Start}");
    }

    [Fact]
    public void BusyAccount_ThatHangs_LeavesThePlacesToTheOthers()
    {
        var world = new World(places: 8, perAccount: 8);
        var hung = world.Add(calls: 100, takes: TimeOut);
        world.RunUntil(Start + TimeSpan.FromSeconds(1));
        Assert.Equal(5, hung.Begun.Count);
        var others = Enumerable.Range(0, 200).Select(_ => world.Add(calls: 5, takes: Quick)).ToList();

        world.RunUntil(Start + TimeSpan.FromSeconds(50));

        Assert.All(others, account => Assert.Equal(0, account.Left));
        Assert.Equal(5, hung.Begun.Count);
    }

    [Fact]
    public void FailingAccounts_HoweverMany_LeaveHalfOfThePlaces_AndHaveTheirTurnsToo()
    {
        var world = new World(places: 8, perAccount: 8);
        var failing = Enumerable.Range(0, 40).Select(_ => world.Add(calls: 2, takes: TimeOut, failing: true)).ToList();
        var others = Enumerable.Range(0, 200).Select(_ => world.Add(calls: 5, takes: Quick)).ToList();

        world.RunUntil(Start + TimeSpan.FromSeconds(50));
        Assert.All(others, account => Assert.Equal(0, account.Left));
        Assert.Equal(4, failing.Sum(account => account.Begun.Count));

        world.Run();
        Assert.All(failing, account => Assert.Equal(0, account.Left));
        // Forty of them, four at one time, twice.
        Assert.Equal(Start + (20 * TimeOut), world.Now);
    }

    [Fact]
    public void OnlyAccount_UsesWhatIsNotKeptForOthers()
    {
        var world = new World(places: 8, perAccount: 3);
        world.Add(calls: 30, takes: Quick);

        world.Run();

        Assert.Equal(3, world.Most);
        Assert.Equal(Start + (10 * Quick), world.Now);
    }

    [Fact]
    public void NothingFound_CountsForNothing_WhenAnythingHasChangedSinceTheLookBegan()
    {
        var turns = new AccountTurns<object>(places: 4, perAccount: 4);
        var id = Guid.NewGuid();
        turns.Wake(id, Start + Quick, failing: false, () => new object());
        Assert.Null(turns.Take(Start));
        Assert.Equal(Start + Quick, turns.NextAfter(Start));

        var look = turns.Take(Start + Quick)!;
        turns.Begun(look, DateTimeOffset.MinValue);
        var other = turns.Take(Start + Quick)!;
        turns.Again(other, DateTimeOffset.MinValue);
        turns.Rest(look, null, failing: false);
        var again = turns.Take(Start + Quick);
        Assert.NotNull(again);
        turns.Rest(again, null, failing: false);

        Assert.Null(turns.Take(Start + TimeOut));
        Assert.Null(turns.NextAfter(Start));
    }

    [Fact]
    public void PaceOfAnAccount_HoldsItBack_AndOnlyItsOwnNextLook()
    {
        var turns = new AccountTurns<object>(places: 4, perAccount: 4);
        var (slow, other) = (Guid.NewGuid(), Guid.NewGuid());
        turns.Wake(slow, Start, failing: false, () => new object());
        var first = turns.Take(Start)!;
        Assert.Null(turns.Take(Start));
        turns.Begun(first, Start + Quick);
        Assert.Null(turns.Take(Start));
        Assert.Equal(Start + Quick, turns.NextAfter(Start));

        turns.Wake(other, Start, failing: false, () => new object());
        Assert.Equal(other, turns.Take(Start)!.Id);
        Assert.Equal(slow, turns.Take(Start + Quick)!.Id);
    }

    [Fact]
    public void LetGo_OfWhomNobodyWorksForAlone()
    {
        var turns = new AccountTurns<string>(places: 4, perAccount: 4);
        var (working, idle, kept) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        turns.Wake(working, Start, failing: false, () => "working");
        var turn = turns.Take(Start)!;
        turns.Wake(idle, Start, failing: false, () => "idle");
        turns.Wake(kept, Start, failing: false, () => "kept");

        Assert.Equal(["idle"], turns.KeepOnly(new HashSet<Guid> { kept }));
        turns.Rest(turn, null, failing: false);
        Assert.Equal(["working"], turns.KeepOnly(new HashSet<Guid> { kept }));
        Assert.True(turns.Knows(kept));
    }

    private sealed class Account
    {
        public required TimeSpan Takes { get; init; }
        public required bool Failing { get; init; }
        public int Left { get; set; }
        public int Now { get; set; }
        public List<DateTimeOffset> Begun { get; } = [];
    }

    /// <summary>Takes whatever turn there is, and the next call's end where there is none.</summary>
    private sealed class World(int places, int perAccount)
    {
        private readonly AccountTurns<Account> _turns = new(places, perAccount);
        private readonly PriorityQueue<AccountTurn<Account>, DateTimeOffset> _calls = new();

        public List<Account> Accounts { get; } = [];
        public DateTimeOffset Now { get; private set; } = Start;
        public int Most { get; private set; }
        public int MostOfOne { get; private set; }

        public Account Add(int calls, TimeSpan takes, bool failing = false)
        {
            var account = new Account
            {
                Takes = takes,
                Failing = failing,
                Left = calls,
            };
            Accounts.Add(account);
            _turns.Wake(Guid.NewGuid(), Now, failing, () => account);
            return account;
        }

        public void Run() => RunUntil(DateTimeOffset.MaxValue);

        public void RunUntil(DateTimeOffset end)
        {
            while (true)
            {
                while (_turns.Take(Now) is { } turn)
                {
                    Begin(turn);
                }

                if (!_calls.TryPeek(out var next, out var at) || at > end)
                {
                    Now = end < DateTimeOffset.MaxValue ? end : Now;
                    return;
                }

                _calls.Dequeue();
                Now = at;
                next.Work.Now--;
                next.Work.Left--;
                End(next);
            }
        }

        private void Begin(AccountTurn<Account> turn)
        {
            var account = turn.Work;
            if (account.Left <= account.Now)
            {
                _turns.Rest(turn, null, account.Failing);
                return;
            }

            account.Begun.Add(Now);
            account.Now++;
            _calls.Enqueue(turn, Now + account.Takes);
            _turns.Begun(turn, DateTimeOffset.MinValue);
            Most = Math.Max(Most, _calls.Count);
            MostOfOne = Math.Max(MostOfOne, account.Now);
        }

        private void End(AccountTurn<Account> turn)
        {
            // One that fails is held back for a moment, and known for it then.
            if (turn.Work.Failing)
            {
                _turns.Rest(turn, turn.Work.Left > 0 ? Now : null, failing: true);
            }
            else
            {
                _turns.Again(turn, DateTimeOffset.MinValue);
            }
        }
    }
}
