using Serilog;
using Serilog.Core;

namespace AdminPortal.Hosting;

/// <summary>
/// Serilog from the section <c>Serilog</c>; {DataDirectory} in a value is filled in. Whatever it names to keep the log stands
/// behind <see cref="MaskedLog"/>.
/// </summary>
public static class PortalLogging
{
    private const string Placeholder = "{DataDirectory}";
    private const string Levels = "Serilog:MinimumLevel";

    public static Logger Create(IConfiguration configuration, string dataDirectory)
    {
        var filled = configuration
            .GetSection("Serilog")
            .AsEnumerable()
            .Where(pair => pair.Value?.Contains(Placeholder, StringComparison.Ordinal) == true)
            .ToDictionary(
                pair => pair.Key,
                pair => pair.Value!.Replace(Placeholder, dataDirectory, StringComparison.Ordinal)
            )
            .Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value));
        var expanded = new ConfigurationBuilder().AddConfiguration(configuration).AddInMemoryCollection(filled).Build();
        var kept = new LoggerConfiguration()
            .ReadFrom.Configuration(
                Only(expanded, path => !path.StartsWith(Levels, StringComparison.OrdinalIgnoreCase))
            )
            .MinimumLevel.Verbose()
            .CreateLogger();
        return new LoggerConfiguration()
            .ReadFrom.Configuration(Only(expanded, path => path.StartsWith(Levels, StringComparison.OrdinalIgnoreCase)))
            .WriteTo.Sink(new MaskedLog(kept))
            .CreateLogger();
    }

    private static IConfiguration Only(IConfiguration all, Func<string, bool> isTaken) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(all.GetSection("Serilog").AsEnumerable().Where(pair => isTaken(pair.Key)))
            .Build();
}
