using System.Text.Json;
using System.Text.Json.Serialization;
using ResendEmulator.Protocol;
using ResendEmulator.Sending;
using ResendEmulator.Storage;

namespace ResendEmulator.Faults;

/// <summary>A rule with what it has seen and done so far.</summary>
public sealed record FaultState(FaultRule Rule, int Seen, int Hit)
{
    /// <summary>It has hit as often as it was meant to.</summary>
    public bool IsOver => Rule.Times is { } times && Hit >= times;
}

/// <summary>
/// The faults that are set. Each rule counts its calls; the first that is due hits. The counts survive a restart,
/// so a script such as "the third call, once" is not played again by a process that was killed meanwhile.
/// </summary>
public sealed class FaultBook
{
    private const string MetaKey = "faults";

    private static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter() } };

    private readonly Lock _lock = new();
    private readonly List<FaultState> _states = [];
    private bool _unsaved;

    public IReadOnlyList<FaultState> Current
    {
        get
        {
            lock (_lock)
            {
                return [.. _states];
            }
        }
    }

    public void Set(IEnumerable<FaultRule> rules)
    {
        lock (_lock)
        {
            _states.Clear();
            _states.AddRange(rules.Select(rule => new FaultState(rule, 0, 0)));
            _unsaved = true;
        }
    }

    public void Add(FaultRule rule)
    {
        lock (_lock)
        {
            _states.Add(new FaultState(rule, 0, 0));
            _unsaved = true;
        }
    }

    /// <summary>Counts the call for every rule it concerns and returns the rule that hits it.</summary>
    public FaultRule? Decide(ProviderCall call)
    {
        lock (_lock)
        {
            FaultRule? hit = null;
            for (var i = 0; i < _states.Count; i++)
            {
                var state = _states[i];
                if (!Concerns(state.Rule, call))
                {
                    continue;
                }

                state = state with { Seen = state.Seen + 1 };
                if (hit is null && IsDue(state))
                {
                    hit = state.Rule;
                    state = state with { Hit = state.Hit + 1 };
                }

                _states[i] = state;
                _unsaved = true;
            }

            return hit;
        }
    }

    public void Load(SqlSession sql)
    {
        if (sql.Scalar<string>("SELECT value FROM meta WHERE key=@0", MetaKey) is not { } text)
        {
            return;
        }

        lock (_lock)
        {
            _states.Clear();
            _states.AddRange(JsonSerializer.Deserialize<List<FaultState>>(text, Json) ?? []);
        }
    }

    public void Save(SqlSession sql)
    {
        string text;
        lock (_lock)
        {
            if (!_unsaved)
            {
                return;
            }

            text = JsonSerializer.Serialize(_states, Json);
            _unsaved = false;
        }

        sql.Run("INSERT INTO meta(key, value) VALUES(@0,@1) ON CONFLICT(key) DO UPDATE SET value=@1", MetaKey, text);
    }

    private static bool Concerns(FaultRule rule, ProviderCall call)
    {
        var kind = rule.On switch
        {
            FaultTarget.Batch => call.Kind == CallKind.Batch,
            FaultTarget.Single => call.Kind == CallKind.Single,
            FaultTarget.Sends => call.Kind != CallKind.Other,
            _ => true,
        };
        return kind
            && (
                string.IsNullOrEmpty(rule.Address)
                || MailRules.AnyRecipientContains(call.Tree?.Root ?? default, rule.Address)
            );
    }

    private static bool IsDue(FaultState state)
    {
        var rule = state.Rule;
        var inTurn = state.Seen >= rule.From && !state.IsOver;
        return inTurn && (rule.Share is not { } share || Chance.Of(rule.Seed, state.Seen) < share);
    }
}
