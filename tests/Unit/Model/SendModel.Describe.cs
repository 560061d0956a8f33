using System.Globalization;
using Ledgerpost.Sending;

namespace UnitTests.Model;

internal sealed partial class SendModel
{
    public override string Describe(SendState state)
    {
        var chunk = state.Chunk;
        var lease =
            chunk.State != ChunkState.Leased ? ""
            : chunk.Holder == 0 ? " to nobody alive"
            : $" to worker {chunk.Holder}";
        var over = chunk.State == ChunkState.Leased && chunk.Lease == 0 ? ", lease over" : "";
        var doubt = chunk.InDoubt ? $", in doubt, first attempt {chunk.Age} h ago" : "";
        var key = chunk.State is ChunkState.Planned or ChunkState.Leased ? $", key {Letter(chunk.Key)}" : "";
        var air = new List<string>();
        for (var i = 0; i < 3 && state.Air[i].At != Travel.None; i++)
        {
            var request = state.Air[i];
            air.Add($"{Letter(request.Key)}{(request.At == Travel.Received ? " received" : "")}");
        }

        var known = new List<string>();
        for (byte i = 0; i < 4; i++)
        {
            if (state.Known[i].Since > 0)
            {
                known.Add($"{Letter(i)} for {state.Known[i].Since - 1} h");
            }
        }

        return $"database: {chunk.State}{lease}{over}{doubt}{key} | in the air: {List(air)} | provider: knows {List(known)}, "
            + string.Create(CultureInfo.InvariantCulture, $"{state.Mails} {(state.Mails == 1 ? "mail" : "mails")} out");
    }

    private static string List(List<string> items) => items.Count == 0 ? "nothing" : string.Join(", ", items);

    private static char Letter(byte key) => (char)('A' + key);
}
