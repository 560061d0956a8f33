using System.Text.Json;
using Ledgerpost.Programs;

namespace AdminPortal.Api;

/// <summary>Answers of commands that did something.</summary>
internal static class ApiAnswers
{
    public static CommandAnswer NoContent { get; } = new(StatusCodes.Status204NoContent);

    /// <summary>With a secret that is shown once: a replay answers what is kept, in which it is null.</summary>
    public static CommandAnswer Once<T>(T shape, T kept) =>
        Of(StatusCodes.Status201Created, shape) with
        {
            Kept = JsonSerializer.Serialize(kept, ApiJson.Options),
        };

    /// <param name="path">Where it can be read, under the API's prefix.</param>
    public static CommandAnswer Of<T>(int status, T shape, string? path = null) =>
        new(
            status,
            JsonSerializer.Serialize(shape, ApiJson.Options),
            status == StatusCodes.Status201Created && path is not null ? ApiServices.Prefix + path : null
        );
}
