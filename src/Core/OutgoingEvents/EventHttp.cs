using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Ledgerpost.Data;

namespace Ledgerpost.OutgoingEvents;

/// <summary>Finds the addresses of a name; a test answers what it likes.</summary>
public interface IEventResolver
{
    Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellation);
}

internal sealed class SystemResolver : IEventResolver
{
    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellation) =>
        await Dns.GetHostAddressesAsync(host, cancellation);
}

/// <summary>A request that went out, or should have.</summary>
/// <param name="Status">Null where no answer came.</param>
/// <param name="Error">Null for 2xx; else what came, or why nothing did.</param>
/// <param name="RetryAfter">How long the other side asks to be left alone, by its header of that name; as it says it, unlimited.</param>
public sealed record EventAnswer(int? Status, string? Error, TimeSpan Duration, TimeSpan? RetryAfter = null)
{
    public bool IsDelivered => Status is >= 200 and < 300;
}

/// <summary>
/// Calls tenants' addresses and nothing else: each address of a name is checked at the moment of the connection, and the
/// connection goes to the very address that was checked, so that a name that leads elsewhere later leads nowhere. No
/// redirects, no proxy, no cookies; of an answer only the beginning is read.
/// </summary>
public sealed class EventHttp : IDisposable
{
    /// <summary>From the connection to the end of the answer's head.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    /// <summary>Of an answer's body, bytes.</summary>
    public const int MaxAnswer = 2048;

    /// <summary>A name may lead elsewhere tomorrow; connections do not outlive that for long.</summary>
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(2);

    private readonly IEventResolver _resolver;
    private readonly OutgoingEventOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;

    public EventHttp(IEventResolver resolver, OutgoingEventOptions options, TimeProvider time)
    {
        (_resolver, _options, _time) = (resolver, options, time);
        _client = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                AutomaticDecompression = DecompressionMethods.None,
                ConnectCallback = ConnectAsync,
                ConnectTimeout = Timeout,
                Credentials = null,
                MaxConnectionsPerServer = 16,
                MaxResponseHeadersLength = 16,
                PooledConnectionLifetime = ConnectionLife,
                UseCookies = false,
                UseProxy = false,
                ActivityHeadersPropagator = null,
            }
        )
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
    }

    public async Task<EventAnswer> PostAsync(
        string url,
        string body,
        IReadOnlyDictionary<string, string> headers,
        CancellationToken cancellation
    )
    {
        var began = _time.GetTimestamp();
        using var over = new CancellationTokenSource(Timeout, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellation);
        try
        {
            // Rules may have become stricter since it was saved.
            if (EndpointUrl.Problem(url, _options) is { } problem)
            {
                return Failed($"The address cannot be used. {problem}");
            }

            using var request = new HttpRequestMessage(HttpMethod.Post, url);
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.UserAgent.ParseAdd("Ledgerpost");
            foreach (var (name, value) in headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            using var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token);
            var status = (int)answer.StatusCode;
            return new EventAnswer(
                status,
                answer.IsSuccessStatusCode ? null : await SayAsync(answer, stop.Token, cancellation),
                _time.GetElapsedTime(began),
                answer.Headers.RetryAfter is { } asked ? asked.Delta ?? asked.Date - _time.GetUtcNow() : null
            );
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Failed($"No answer within {Timeout.TotalSeconds:0} seconds.");
        }
        catch (HttpRequestException exception)
        {
            return Failed(Why(exception));
        }

        EventAnswer Failed(string why) => new(null, why, _time.GetElapsedTime(began));
    }

    public void Dispose() => _client.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        IReadOnlyList<IPAddress> addresses = IPAddress.TryParse(host, out var literal)
            ? [literal]
            : await _resolver.ResolveAsync(host, cancellation);
        // One that is not public among several is enough: nobody who means well mixes them.
        if (
            !_options.AllowPrivateAddresses
            && addresses.FirstOrDefault(one => !AddressRules.IsPublic(one)) is { } refused
        )
        {
            throw new AddressRefusedException(refused);
        }

        Exception? last = null;
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException exception)
            {
                socket.Dispose();
                last = exception;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static string Why(HttpRequestException exception)
    {
        for (Exception? one = exception; one is not null; one = one.InnerException)
        {
            switch (one)
            {
                case AddressRefusedException refused:
                    return refused.Message;
                case SocketException socket:
                    return $"No connection: {socket.Message}";
            }
        }

        return exception.HttpRequestError switch
        {
            HttpRequestError.SecureConnectionError => "No secure connection: the certificate was not accepted.",
            HttpRequestError.NameResolutionError => "The name was not found.",
            HttpRequestError.ConnectionError => "No connection.",
            _ => "The answer could not be read.",
        };
    }

    /// <param name="time">Over when the answer has taken too long; what has come until then is used.</param>
    private static async Task<string> SayAsync(
        HttpResponseMessage answer,
        CancellationToken time,
        CancellationToken cancellation
    )
    {
        if (answer.StatusCode is >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest)
        {
            return "Redirects are not followed; give the address where events are taken.";
        }

        var (bytes, length) = (new byte[MaxAnswer], 0);
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(time);
            while (length < bytes.Length && await body.ReadAsync(bytes.AsMemory(length), time) is > 0 and var read)
            {
                length += read;
            }
        }
        catch (Exception exception)
            when (exception is IOException or HttpRequestException
                || (exception is OperationCanceledException && !cancellation.IsCancellationRequested)
            )
        {
            // It broke off, or never ends: its status has come, and that is what counts.
        }

        var text = Encoding.UTF8.GetString(bytes, 0, length);
        return string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();
    }
}

/// <summary>A name led to an address that tenants may not have called.</summary>
internal sealed class AddressRefusedException(IPAddress address)
    : Exception(
        $"The name leads to {address}, which is on this machine or in a private network; this installation does not call it."
    );
