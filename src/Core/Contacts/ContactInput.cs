namespace Ledgerpost.Contacts;

/// <summary>What is wrong with one field, as a sentence that can stand under it.</summary>
public sealed record FieldError(string Field, string Message);

/// <summary>A contact as typed; nothing is checked yet.</summary>
/// <param name="Fields">All of them (<see cref="ContactFields"/>); null leaves a contact's as they are.</param>
public sealed record ContactInput(
    string? Email,
    string? FirstName,
    string? LastName,
    string? Tags,
    IReadOnlyDictionary<string, string?>? Fields = null
)
{
    public const int MaxNameLength = 200;
    public const int MaxTags = 50;

    /// <summary>Instead of <see cref="Tags"/>, each by itself, as a program gives them: nothing in one separates it.</summary>
    public IReadOnlyList<string?>? TagList { get; init; }

    /// <summary>Every field's problem, before anything is done; empty when there is none.</summary>
    public IReadOnlyList<FieldError> Problems() => Check().Errors;

    /// <returns>The checked contact, or every field's problem.</returns>
    internal (ValidContact? Contact, IReadOnlyList<FieldError> Errors) Check()
    {
        var errors = new List<FieldError>();
        if (!EmailAddress.TryParse(Email, out var address, out var reason))
        {
            errors.Add(new FieldError(nameof(Email), reason));
        }

        if (!PlainText.TryParse(FirstName, "first name", MaxNameLength, out var firstName, out reason))
        {
            errors.Add(new FieldError(nameof(FirstName), reason));
        }

        if (!PlainText.TryParse(LastName, "last name", MaxNameLength, out var lastName, out reason))
        {
            errors.Add(new FieldError(nameof(LastName), reason));
        }

        if (
            !(
                TagList is null
                    ? Tag.TryParseList(Tags, out var tags, out reason)
                    : Tag.TryParseEach(TagList, out tags, out reason)
            )
        )
        {
            errors.Add(new FieldError(nameof(Tags), reason));
        }
        else if (tags.Count > MaxTags)
        {
            errors.Add(new FieldError(nameof(Tags), $"A contact can have at most {MaxTags} tags."));
        }

        var fields = Fields is null ? null : ContactFields.Check(Fields, errors);
        return errors.Count > 0 ? (null, errors) : (new ValidContact(address!, firstName, lastName, tags, fields), []);
    }
}

internal sealed record ValidContact(
    EmailAddress Address,
    string? FirstName,
    string? LastName,
    IReadOnlyList<string> Tags,
    IReadOnlyDictionary<string, string>? Fields
);

/// <summary>What became of adding or changing a contact.</summary>
public abstract record ContactOutcome
{
    private ContactOutcome() { }

    public sealed record Saved(Guid ContactId) : ContactOutcome;

    public sealed record Invalid(IReadOnlyList<FieldError> Errors) : ContactOutcome;

    /// <summary>The tenant has a contact with this address already.</summary>
    public sealed record AddressTaken(Guid ContactId) : ContactOutcome;

    /// <summary>It is not there, or not any more.</summary>
    public sealed record NotFound : ContactOutcome;

    /// <summary>Somebody changed it since it was read; nothing was saved.</summary>
    public sealed record ChangedMeanwhile : ContactOutcome;
}
