using System.Security.Cryptography;
using AdminPortal.Api;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace AdminPortal.Features.Contacts;

/// <summary>
/// The one file of a multipart body, read straight from the connection: whatever its size, it is never held in memory. Its
/// SHA-256 is known at its end.
/// </summary>
internal sealed class UploadedFile : ReadThroughStream
{
    private readonly Stream _section;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private UploadedFile(Stream section, string name)
        : base(section) => (_section, Name) = (section, name);

    /// <summary>As the program names it; may be empty.</summary>
    public string Name { get; }

    /// <summary>Reads up to the beginning of the file.</summary>
    /// <param name="field">The name of its field; the body may have no other.</param>
    public static async Task<(UploadedFile? File, ApiProblem? Problem)> OpenAsync(HttpContext http, string field)
    {
        if (
            !MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var type)
            || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 and <= 70 } boundary
        )
        {
            return (null, ApiErrors.UnsupportedMediaType.Say($"Send multipart/form-data with the field {field}."));
        }

        try
        {
            var section = await new MultipartReader(boundary, http.Request.Body).ReadNextSectionAsync(
                http.RequestAborted
            );
            if (
                section is null
                || !ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)
            )
            {
                return (null, ApiErrors.Fields([new(field, "Is required.")]));
            }

            var name = HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "";
            if (name != field)
            {
                return (
                    null,
                    ApiErrors.Fields([new(name, "There is no such field here."), new(field, "Comes first.")])
                );
            }

            var file = new UploadedFile(
                section.Body,
                HeaderUtilities
                    .RemoveQuotes(disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName)
                    .Value
                    ?? ""
            );
            RequestBody.ReadLater(http, file._hash.GetHashAndReset);
            return (file, null);
        }
        catch (Exception exception) when (IsCutOff(exception))
        {
            return (null, ApiErrors.InvalidBody.Say("The multipart body goes wrong before its file."));
        }
    }

    protected override async ValueTask<int> ReadInnerAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        try
        {
            return await _section.ReadAsync(buffer, cancellation);
        }
        catch (Exception exception) when (IsCutOff(exception))
        {
            throw new BadHttpRequestException(
                "The multipart body ends before its file does. Nothing was kept of it.",
                exception
            );
        }
    }

    protected override ValueTask PassedAsync(ReadOnlyMemory<byte> read)
    {
        _hash.AppendData(read.Span);
        return ValueTask.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private static bool IsCutOff(Exception exception) =>
        exception is InvalidDataException || (exception is IOException and not BadHttpRequestException);
}
