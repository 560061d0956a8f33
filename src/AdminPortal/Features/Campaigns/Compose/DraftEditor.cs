using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Tenancy;

namespace AdminPortal.Features.Campaigns.Compose;

/// <summary>Where the text that is on the screen stands.</summary>
public enum DraftState
{
    Saved,
    Saving,

    /// <summary>A field holds what cannot be kept; the rest waits with it.</summary>
    Invalid,

    /// <summary>The last save did not succeed; the text is still here and in the browser.</summary>
    Failed,

    /// <summary>Somebody else saved in between; a person chooses.</summary>
    Conflict,

    /// <summary>It is a draft no longer.</summary>
    Gone,
}

/// <summary>
/// Saves one draft as it is typed: one save at a time, and one more when something changed meanwhile. Holds no rendering.
/// </summary>
public sealed class DraftEditor(SaveDraft save, Caller caller, Guid campaignId, int version, DraftContent content)
{
    private Task? _saving;
    private bool _again;

    public DraftContent Content { get; private set; } = content;
    public int Version { get; private set; } = version;
    public DraftState State { get; private set; } = DraftState.Saved;
    public DateTimeOffset? SavedAt { get; private set; }
    public IReadOnlyList<FieldError> Problems { get; private set; } = [];
    public SaveDraftResult.Conflict? Conflict { get; private set; }

    /// <summary>What went wrong with the last save, as a sentence.</summary>
    public string? Failure { get; private set; }

    /// <summary>Raised after each change of <see cref="State"/>.</summary>
    public Action? Changed { get; set; }

    /// <summary>Takes what was typed and saves it; returns when nothing is left to save, or saving is not possible.</summary>
    public Task ChangeAsync(DraftContent typed)
    {
        Content = typed;
        return State is DraftState.Conflict or DraftState.Gone ? Task.CompletedTask : SaveAsync();
    }

    /// <summary>Completes when all that was typed before the call is saved, also when a save was under way already.</summary>
    public Task SaveAsync()
    {
        if (_saving is { IsCompleted: false } running)
        {
            _again = true;
            return running;
        }

        return _saving = SaveAllAsync();
    }

    /// <summary>What is on the screen replaces what the other person saved.</summary>
    public Task KeepMineAsync()
    {
        Version = Conflict?.Version ?? Version;
        Conflict = null;
        return SaveAsync();
    }

    /// <summary>What the other person saved replaces what is on the screen.</summary>
    public void TakeTheirs()
    {
        if (Conflict is { } conflict)
        {
            (Content, Version, SavedAt, Conflict) = (conflict.Theirs, conflict.Version, conflict.At, null);
            Move(DraftState.Saved);
        }
    }

    private async Task SaveAllAsync()
    {
        do
        {
            _again = false;
            await SaveOnceAsync();
        } while (_again && State is not (DraftState.Conflict or DraftState.Gone or DraftState.Failed));
    }

    private async Task SaveOnceAsync()
    {
        Move(DraftState.Saving);
        var typed = Content;
        try
        {
            Apply(await save.ExecuteAsync(caller, campaignId, Version, typed, CancellationToken.None));
        }
        catch (AccessDeniedException denied)
        {
            Failure = denied.Message;
            Move(DraftState.Failed);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            Failure = "The draft could not be saved. Your text is still here and kept in this browser.";
            Move(DraftState.Failed);
        }
    }

    private void Apply(SaveDraftResult result)
    {
        Problems = [];
        Failure = null;
        switch (result)
        {
            case SaveDraftResult.Saved saved:
                (Version, SavedAt) = (saved.Version, saved.At);
                Move(DraftState.Saved);
                break;
            case SaveDraftResult.Conflict conflict:
                Conflict = conflict;
                Move(DraftState.Conflict);
                break;
            case SaveDraftResult.Invalid invalid:
                Problems = invalid.Problems;
                Move(DraftState.Invalid);
                break;
            default:
                Move(DraftState.Gone);
                break;
        }
    }

    private void Move(DraftState state)
    {
        State = state;
        Changed?.Invoke();
    }
}

/// <summary>
/// FNV-1a over the typed texts, the same as in ComposePage.razor.js: by it the browser knows that what it holds is what
/// the server has saved, without sending it back and forth.
/// </summary>
public static class DraftDigest
{
    public static uint Of(DraftContent content)
    {
        var hash = 2166136261u;
        foreach (var text in new[] { content.Name, content.Subject, content.Html, content.Text ?? "" })
        {
            // A text area has no carriage returns, whatever was loaded into it.
            foreach (var character in text.ReplaceLineEndings("\n"))
            {
                hash = (hash ^ character) * 16777619u;
            }

            hash = (hash ^ 0xFFFF) * 16777619u;
        }

        return hash;
    }
}
