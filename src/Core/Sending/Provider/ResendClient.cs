using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Ledgerpost.Data;

namespace Ledgerpost.Sending.Provider;

/// <summary>
/// The typed client of the provider's API. The provider's own SDK serialises anew on each call; the protocol needs the
/// stored bytes, so the body is taken as it is (docs/decisions/0002).
/// </summary>
public sealed class ResendClient(
    ResendHttp http,
    ProviderEndpoint endpoint,
    IOwnKeys ownKeys,
    TimeProvider time,
    SafetyLog safety
) : IMailProvider
{
    /// <summary>How long one call may take, from the first byte to the last.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    /// <summary>An accepted batch of 100 answers about 5 KB; more than this is not an answer of ours.</summary>
    private const int MaxAnswerBytes = 1024 * 1024;

    public static HttpMessageHandler CreateHandler() =>
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        };

    public async Task<ProviderAnswer> PostAsync(ProviderRequest request, CancellationToken cancellation)
    {
        var apiKey = request.OwnAccountId is { } own ? await ownKeys.FindAsync(own, cancellation) : endpoint.ApiKey;
        if (apiKey is null)
        {
            // Taken away since the intent. Another account's key would send what that account has never seen.
            return new ProviderAnswer.NotSent(NotSentFor.NoKey);
        }

        using var timeout = new CancellationTokenSource(Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        using var content = new OnceContent(request.Body, request.NotAfter, time, safety);
        using var message = new HttpRequestMessage(HttpMethod.Post, request.BaseUrl + request.Path)
        {
            Content = content,
        };
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        // Without one the provider's firewall answers with a page of its own (403, error code 1010).
        message.Headers.TryAddWithoutValidation("User-Agent", "Ledgerpost/1.0");
        message.Headers.TryAddWithoutValidation("Idempotency-Key", request.Key);
        message.Headers.TryAddWithoutValidation("x-batch-validation", "strict");
        try
        {
            using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, both.Token);
            var body = await ReadAsync(response, both.Token);
            return body is null
                ? new ProviderAnswer.None($"The answer ({(int)response.StatusCode}) was longer than 1 MiB.")
                : new ProviderAnswer.Http((int)response.StatusCode, body, ProviderHeaders.Read(response.Headers));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException)
        {
            return new ProviderAnswer.None($"No answer within {Timeout.TotalSeconds:0} seconds.");
        }
        catch (Exception) when (content.RefusedToStart)
        {
            return new ProviderAnswer.NotSent(NotSentFor.TooLate);
        }
        // Whatever else goes wrong, such as an answer that cannot be unpacked: it proves nothing, and must be counted.
        catch (Exception exception)
        {
            return new ProviderAnswer.None(exception.GetBaseException().Message);
        }
    }

    public async ValueTask<bool> HasKeyAsync(Guid? ownAccountId, CancellationToken cancellation) =>
        ownAccountId is not { } own || await ownKeys.FindAsync(own, cancellation) is not null;

    private static async Task<string?> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = ArrayPool<byte>.Shared.Rent(MaxAnswerBytes + 1);
        try
        {
            var length = await stream.ReadAtLeastAsync(
                buffer.AsMemory(0, MaxAnswerBytes + 1),
                MaxAnswerBytes + 1,
                throwOnEndOfStream: false,
                cancellation
            );
            return length > MaxAnswerBytes ? null : Encoding.UTF8.GetString(buffer, 0, length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A body that is written once and not after its time.</summary>
    private sealed class OnceContent : HttpContent
    {
        private readonly ReadOnlyMemory<byte> _body;
        private readonly Deadline _notAfter;
        private readonly TimeProvider _time;
        private readonly SafetyLog _safety;
        private int _started;

        public OnceContent(ReadOnlyMemory<byte> body, Deadline notAfter, TimeProvider time, SafetyLog safety)
        {
            _body = body;
            _notAfter = notAfter;
            _time = time;
            _safety = safety;
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        /// <summary>True when the last check stopped it before its first byte.</summary>
        public bool RefusedToStart { get; private set; }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            // The handler may try again on a fresh connection by itself; that would be a second POST of one attempt.
            if (Interlocked.Exchange(ref _started, 1) == 1)
            {
                _safety.Fired(SafetyMechanism.BodyAskedForTwice, "the handler");
                throw new IOException("The body was about to be written a second time.");
            }

            if (_notAfter.IsOver(_time))
            {
                RefusedToStart = true;
                throw new IOException("Too late to start this call.");
            }

            await stream.WriteAsync(_body);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _body.Length;
            return true;
        }
    }
}
