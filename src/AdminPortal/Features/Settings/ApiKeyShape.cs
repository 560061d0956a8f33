using System.ComponentModel.DataAnnotations;
using AdminPortal.Api;
using Ledgerpost.Contacts;
using Ledgerpost.Programs;

namespace AdminPortal.Features.Settings;

/// <summary>A new key.</summary>
/// <param name="Scopes">Of read, contacts, send and admin; all of them when it is left out.</param>
internal sealed record ApiKeyBody(
    [property: Required] string? Name,
    [property: NeverNull] IReadOnlyList<string>? Scopes
) : IChecked
{
    public ApiKeyInput ToInput() => new(Name, Scopes);

    public IEnumerable<FieldError> Check() => ToInput().Problems();
}

/// <param name="Key">Only in the answer to its creation; null ever after, also when that answer is replayed.</param>
/// <param name="Ending">The key's last characters.</param>
/// <param name="LastUsedAt">To the minute; null while it has never been used.</param>
internal sealed record ApiKeyShape(
    Guid Id,
    string Name,
    IReadOnlyList<string> Scopes,
    string? Key,
    string Ending,
    string CreatedBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset? LastUsedAt
)
{
    public static ApiKeyShape Of(ApiKeyRow row) =>
        new(row.Id, row.Name, row.Scopes.Names(), Key: null, row.Ending, row.CreatedBy, row.CreatedAt, row.LastUsedAt);
}

/// <summary>What is answered when a key was made or revoked.</summary>
internal static class ApiKeyAnswers
{
    public static CommandAnswer Of(ApiKeyOutcome outcome, string unknown) =>
        outcome switch
        {
            ApiKeyOutcome.Created created => ApiAnswers.Once(
                ApiKeyShape.Of(created.Key) with
                {
                    Key = created.Token,
                },
                ApiKeyShape.Of(created.Key)
            ),
            ApiKeyOutcome.Revoked => ApiAnswers.NoContent,
            ApiKeyOutcome.Invalid invalid => ApiErrors.Fields(invalid.Errors),
            ApiKeyOutcome.HasOwner => ApiErrors.HasOwner.Say(
                "No key was made: an owner of the tenant makes its keys, under Settings or with a key of scope admin."
            ),
            ApiKeyOutcome.HasKey => ApiErrors.HasKey.Say(
                "No key was made: the tenant's first key was made before, and what it put in is not an operator's to see. "
                    + "A key of scope admin makes further ones; if it is lost, invite the first owner on the operator's page of tenants."
            ),
            _ => ApiErrors.Unknown(unknown),
        };
}
