using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ledgerpost.Sending;

namespace UnitTests.Model;

/// <summary>One chunk with one recipient, two workers, the requests in the air and what the provider remembers.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 48)]
internal struct SendState
{
    public ModelChunk Chunk;
    public Two<SendWorker> Workers;
    public Three<SendRequest> Air;

    /// <summary>What the provider remembers, by key.</summary>
    public Four<KnownKey> Known;

    /// <summary>How many mails the recipient has got.</summary>
    public byte Mails;

    /// <summary>The template was edited: rendering now gives other bytes.</summary>
    public bool Edited;

    /// <summary>The engine's time was set back once.</summary>
    public bool WasSetBack;
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct ModelChunk
{
    /// <summary>A <see cref="ChunkState"/>.</summary>
    public byte At;

    /// <summary>The key of the current generation. Keys that nobody remembers any more are given out again.</summary>
    public byte Key;

    /// <summary>Whose epoch is the chunk's: 1 or 2, 0 for nobody's. Only whether an epoch is the newest ever matters.</summary>
    public byte Holder;
    public byte Lease;
    public bool InDoubt;

    /// <summary>Hours since the first attempt of this generation, at most <see cref="SendRules.Window"/>.</summary>
    public byte Age;

    /// <summary>0 for none, else one more than the version of the frozen bytes.</summary>
    public byte Frozen;

    /// <summary>Counted only where a key is made from it.</summary>
    public byte Attempts;

    public ChunkState State
    {
        readonly get => (ChunkState)At;
        set => At = (byte)value;
    }
}

internal enum At : byte
{
    Idle,

    /// <summary>Holds a claim and has decided to send.</summary>
    Claimed,

    /// <summary>Its intent is committed; the POST comes next.</summary>
    Intended,

    /// <summary>The body is out; an answer is awaited.</summary>
    Waiting,

    /// <summary>Has its answer and has not written it down.</summary>
    Answered,
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct SendWorker
{
    public At At;
    public byte Key;
    public byte Bytes;
    public byte Age;
    public bool Clean;
    public Answer Answer;
}

internal enum Travel : byte
{
    /// <summary>An empty place.</summary>
    None,
    OnTheWay,

    /// <summary>At the provider, which has not decided.</summary>
    Received,
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct SendRequest
{
    public Travel At;
    public byte Key;
    public byte Bytes;
    public byte Age;

    /// <summary>The worker that waits for the answer, 1 or 2; 0 when nobody does any more.</summary>
    public byte Owner;

    // Empty places last, so that the order in which requests came and went makes no difference between states.
    public readonly int Order =>
        At == Travel.None ? int.MaxValue : ((int)At << 16) | (Key << 12) | (Bytes << 8) | (Age << 4) | Owner;
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct KnownKey
{
    /// <summary>0 when the provider does not know the key, else one more than the hours since it took the mail.</summary>
    public byte Since;
    public byte Bytes;
}

[InlineArray(2)]
internal struct Two<T>
{
    private T _first;
}

[InlineArray(3)]
internal struct Three<T>
{
    private T _first;
}

[InlineArray(4)]
internal struct Four<T>
{
    private T _first;
}
