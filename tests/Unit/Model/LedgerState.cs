using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace UnitTests.Model;

/// <summary>
/// Up to three campaigns with five chunks and three ledger rows between them, two workers and two provider accounts. Times
/// are gone: leases and windows end at any moment that <see cref="SendModel"/> allows.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 112)]
internal struct LedgerState
{
    public Three<CampaignRow> Campaigns;
    public Three<LedgerRow> Rows;
    public Five<LedgerChunk> Chunks;
    public Two<LedgerWorker> Workers;
    public Two<LedgerRequest> Air;

    /// <summary>Whose mails the first account took under a key, as a set of rows; by key.</summary>
    public Ten<byte> Known;

    /// <summary>The same of the second account.</summary>
    public Ten<byte> KnownElsewhere;

    /// <summary>Mails by person.</summary>
    public Three<byte> Mails;

    /// <summary>The account that the installation uses now, 0 or 1.</summary>
    public byte Account;

    /// <summary>Rows whose address the provider refuses, as a set.</summary>
    public byte Bad;

    /// <summary>A request went out that nobody wanted any more.</summary>
    public bool WentOutStopped;

    /// <summary>The provider said that a key was used for other bytes, and somebody is Unknown for it.</summary>
    public bool KeysClashed;

    /// <summary>How often the account was replaced.</summary>
    public byte Replaced;

    /// <summary>The key under which a mail was taken that an event may still tell about; 0 for none, else one more.</summary>
    public byte ToReport;

    /// <summary>Accounts that were left and whose key is gone, as a set; own accounts only.</summary>
    public byte Keyless;

    /// <summary>The sender's domain is not verified at the account that holds now.</summary>
    public bool Unverified;

    /// <summary>A first request went out through an account that was left when its intent was written.</summary>
    public bool BegunWhereLeft;
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct CampaignRow
{
    public byte At;
    public byte Run;
    public byte RunAccount;

    public CampaignStatus Status
    {
        readonly get => (CampaignStatus)At;
        set => At = (byte)value;
    }
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct LedgerRow
{
    /// <summary>0 for a place that no row has taken yet, else one more than a <see cref="RecipientState"/>.</summary>
    public byte At;

    /// <summary>0 for none, else one more than the chunk.</summary>
    public byte Chunk;

    public RecipientState? State
    {
        readonly get => At == 0 ? null : (RecipientState)(At - 1);
        set => At = value is null ? (byte)0 : (byte)(value + 1);
    }
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct LedgerChunk
{
    /// <summary>0 for a place that no chunk has taken yet, else one more than a <see cref="ChunkState"/>.</summary>
    public byte At;
    public byte Campaign;
    public byte Run;
    public byte Generation;
    public byte Holder;
    public byte Account;

    /// <summary>Who is in the frozen bytes, as a set of rows.</summary>
    public byte Members;
    public Mark Marks;

    public ChunkState? State
    {
        readonly get => At == 0 ? null : (ChunkState)(At - 1);
        set => At = value is null ? (byte)0 : (byte)(value + 1);
    }

    public readonly bool InDoubt => (Marks & Mark.InDoubt) != Mark.None;
    public readonly bool LeaseIsOver => (Marks & Mark.LeaseOver) != Mark.None;
    public readonly bool WindowIsOver => (Marks & Mark.WindowOver) != Mark.None;

    public void Close(ChunkState state)
    {
        State = state;
        Holder = 0;
        Marks = Mark.None;
    }
}

[Flags]
internal enum Mark : byte
{
    None = 0,
    InDoubt = 1,
    LeaseOver = 2,
    WindowOver = 4,
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct LedgerWorker
{
    public At At;
    public byte Chunk;
    public byte Key;
    public byte Members;
    public byte Account;
    public bool Clean;
    public Answer Answer;
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct LedgerRequest
{
    public Travel At;
    public byte Key;
    public byte Members;
    public byte Account;
    public byte Owner;

    public readonly int Order =>
        At == Travel.None ? int.MaxValue : ((int)At << 20) | (Key << 16) | (Members << 8) | (Account << 4) | Owner;
}

[InlineArray(5)]
internal struct Five<T>
{
    private T _first;
}

[InlineArray(10)]
internal struct Ten<T>
{
    private T _first;
}
