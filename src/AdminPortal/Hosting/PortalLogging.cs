using Serilog;
using Serilog.Core;

namespace AdminPortal.Hosting;

/// <summary>Serilog from the section <c>Serilog</c>; {DataDirectory} in a value is filled in.</summary>
internal static class PortalLogging
{
    private const string Placeholder = "{DataDirectory}";

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
        return new LoggerConfiguration().ReadFrom.Configuration(expanded).CreateLogger();
    }
}
