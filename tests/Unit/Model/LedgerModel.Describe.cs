namespace UnitTests.Model;

internal abstract partial class LedgerModel
{
    public override string Describe(LedgerState state)
    {
        var database = new List<string>();
        if (state.Replaced > 0)
        {
            var keyless = state.Keyless == 0 ? "" : ", the other has no key any more";
            database.Add(
                $"account {state.Account + 1} holds{keyless}{(state.Unverified ? ", domain not verified" : "")}"
            );
        }

        for (var i = 0; i < 3; i++)
        {
            if (state.Campaigns[i].Run > 0)
            {
                database.Add($"campaign {i + 1} {state.Campaigns[i].Status} in run {state.Campaigns[i].Run}");
            }
        }

        for (var i = 0; i < 5 && state.Chunks[i].At != 0; i++)
        {
            var chunk = state.Chunks[i];
            var holder = chunk.Holder == 0 ? "" : $" to worker {chunk.Holder}";
            var where = chunk.Account == 0 ? "" : " at the second account";
            var doubt = chunk.InDoubt ? $", in doubt{where}" : "";
            database.Add($"chunk {i + 1} of run {chunk.Run} {chunk.State}{holder}{doubt}");
        }

        for (var i = 0; i < 3; i++)
        {
            if (state.Rows[i].At != 0)
            {
                var where = state.Rows[i].Chunk == 0 ? "" : $" in chunk {state.Rows[i].Chunk}";
                database.Add($"row {i + 1} {state.Rows[i].State}{where}");
            }
        }

        var air = new List<string>();
        for (var i = 0; i < 2 && state.Air[i].At != Travel.None; i++)
        {
            air.Add($"{Letter(state.Air[i].Key)}");
        }

        var provider = new List<string>();
        for (var key = 0; key < 10; key++)
        {
            if (state.Known[key] != 0)
            {
                provider.Add($"knows {Letter(key)}");
            }

            if (state.KnownElsewhere[key] != 0)
            {
                provider.Add($"the second account knows {Letter(key)}");
            }
        }

        for (var person = 0; person < 3; person++)
        {
            if (state.Mails[person] > 0)
            {
                provider.Add(
                    $"{state.Mails[person]} {(state.Mails[person] == 1 ? "mail" : "mails")} to person {person + 1}"
                );
            }
        }

        return $"database: {string.Join("; ", database)} | in the air: {List(air)} | provider: {List(provider)}";
    }

    private static string List(List<string> items) => items.Count == 0 ? "nothing" : string.Join(", ", items);

    private static char Letter(int key) => (char)('A' + key);
}
