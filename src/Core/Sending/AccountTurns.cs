namespace Ledgerpost.Sending;

/// <summary>
/// Whose turn it is where many accounts share few places: whoever has the fewest of them, and of those who had none for
/// longest. Half of the places are kept for the first call of accounts that answer: neither one that is busy nor those that
/// are failing, whose calls may last until their time-out, can take all. In memory, and without a clock or a thread of its own.
/// </summary>
/// <param name="places">Taken at one time, over all accounts.</param>
/// <param name="perAccount">Of them by one account.</param>
/// <typeparam name="T">What works for one account.</typeparam>
public sealed class AccountTurns<T>(int places, int perAccount)
    where T : class
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Entry> _entries = [];
    private int _taken;
    private int _lent;
    private long _turn;

    /// <summary>Places for calls beyond an account's first and for accounts that are failing.</summary>
    private int MostLent => Math.Max(1, places / 2);

    /// <summary>It has something to do at this instant, or had it before; nothing that was known is put off.</summary>
    public void Wake(Guid id, DateTimeOffset due, bool failing, Func<T> open)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(id, out var entry))
            {
                _entries[id] = entry = new Entry(id, open());
            }

            entry.Failing = failing;
            // What came while somebody looks may be what they did not see any more.
            if (due < entry.Due || entry.Beginning != 0)
            {
                entry.Due = due < entry.Due ? due : entry.Due;
                entry.Changes++;
            }
        }
    }

    public bool Knows(Guid id)
    {
        lock (_lock)
        {
            return _entries.ContainsKey(id);
        }
    }

    /// <summary>Lets go of the others, as far as nobody works for them now.</summary>
    /// <returns>What worked for them.</returns>
    public IReadOnlyList<T> KeepOnly(IReadOnlySet<Guid> ids)
    {
        lock (_lock)
        {
            var gone = _entries.Values.Where(entry => entry.Working == 0 && !ids.Contains(entry.Id)).ToList();
            gone.ForEach(entry => _entries.Remove(entry.Id));
            return gone.ConvertAll(entry => entry.Work);
        }
    }

    /// <returns>A place and whose it is; null when no place is free, or nobody has anything to do now.</returns>
    public AccountTurn<T>? Take(DateTimeOffset now)
    {
        lock (_lock)
        {
            Entry? next = null;
            foreach (var entry in _entries.Values)
            {
                if (_taken < places && MayBegin(entry, now) && (next is null || entry.ComesBefore(next)))
                {
                    next = entry;
                }
            }

            if (next is null)
            {
                return null;
            }

            var turn = new AccountTurn<T>(next.Id, next.Work, ++_turn, next.Changes, next.IsLent);
            next.Turn = next.Beginning = turn.Number;
            next.Working++;
            _taken++;
            _lent += turn.Lent ? 1 : 0;
            return turn;
        }
    }

    /// <summary>It knows what it does: another place of the account may begin, not before this instant.</summary>
    public void Begun(AccountTurn<T> turn, DateTimeOffset notBefore)
    {
        lock (_lock)
        {
            var entry = _entries[turn.Id];
            Begun(entry, turn);
            entry.NotBefore = notBefore;
        }
    }

    /// <summary>It did something, so there may be more at once.</summary>
    public void Again(AccountTurn<T> turn, DateTimeOffset notBefore)
    {
        lock (_lock)
        {
            var entry = Return(turn);
            (entry.Due, entry.NotBefore, entry.Failing) = (DateTimeOffset.MinValue, notBefore, false);
            entry.Changes++;
        }
    }

    /// <summary>It found nothing to do before this instant; which counts for nothing if anything has changed since it began.</summary>
    /// <param name="until">Null when nothing waits at all.</param>
    public void Rest(AccountTurn<T> turn, DateTimeOffset? until, bool failing)
    {
        lock (_lock)
        {
            var entry = Return(turn);
            entry.Failing = failing;
            entry.Due = entry.Changes == turn.Changes ? until ?? DateTimeOffset.MaxValue : DateTimeOffset.MinValue;
        }
    }

    /// <returns>When the next who waits for nothing but time may begin; null when there is nobody.</returns>
    public DateTimeOffset? NextAfter(DateTimeOffset now)
    {
        lock (_lock)
        {
            DateTimeOffset? next = null;
            foreach (var entry in _entries.Values)
            {
                var at = entry.Due > entry.NotBefore ? entry.Due : entry.NotBefore;
                if (at > now && at < DateTimeOffset.MaxValue && !(at >= next))
                {
                    next = at;
                }
            }

            return next;
        }
    }

    private bool MayBegin(Entry entry, DateTimeOffset now) =>
        entry.Due <= now
        && entry.NotBefore <= now
        && entry.Beginning == 0
        && entry.Working < perAccount
        && (!entry.IsLent || _lent < MostLent);

    private static void Begun(Entry entry, AccountTurn<T> turn) =>
        entry.Beginning = entry.Beginning == turn.Number ? 0 : entry.Beginning;

    private Entry Return(AccountTurn<T> turn)
    {
        var entry = _entries[turn.Id];
        Begun(entry, turn);
        entry.Working--;
        _taken--;
        _lent -= turn.Lent ? 1 : 0;
        return entry;
    }

    private sealed class Entry(Guid id, T work)
    {
        public Guid Id => id;
        public T Work => work;
        public DateTimeOffset Due { get; set; } = DateTimeOffset.MaxValue;

        /// <summary>Its own pace, whatever is due.</summary>
        public DateTimeOffset NotBefore { get; set; }

        public bool Failing { get; set; }
        public int Working { get; set; }

        /// <summary>The turn that looks what there is to do; 0 for none. One at a time: the others would find the same.</summary>
        public long Beginning { get; set; }

        /// <summary>Its last.</summary>
        public long Turn { get; set; }

        /// <summary>Raised with whatever makes an older look at it worthless.</summary>
        public int Changes { get; set; }

        public bool IsLent => Failing || Working > 0;

        public bool ComesBefore(Entry other) => (Working, Turn).CompareTo((other.Working, other.Turn)) < 0;
    }
}

/// <summary>A place that an account has until it gives it back.</summary>
/// <param name="Changes">What was known of the account when it began.</param>
/// <param name="Lent">Not of the places that are kept for others.</param>
public sealed record AccountTurn<T>(Guid Id, T Work, long Number, int Changes, bool Lent);
