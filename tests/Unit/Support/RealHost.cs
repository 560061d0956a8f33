using System.Net;
using System.Text.RegularExpressions;
using AdminPortal;
using AdminPortal.Hosting;
using Ledgerpost.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace UnitTests.Support;

/// <summary>
/// The portal as it is delivered, with its own settings files, in this process: on a free port, in a folder of its own. Only
/// what the test asks for differs.
/// </summary>
public sealed partial class RealHost : IAsyncDisposable
{
    public const string Email = "operator@ledgerpost.test";
    public const string Password = "correct horse battery";

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, string> Databases = new();

    private readonly StringWriter _output;
    private readonly bool _keepFolder;

    private RealHost(WebApplication app, string folder, StringWriter output, bool keepFolder)
    {
        App = app;
        Folder = folder;
        _output = output;
        _keepFolder = keepFolder;
        Address = app.Urls.First().TrimEnd('/');
    }

    public WebApplication App { get; }
    public IServiceProvider Services => App.Services;
    public string Address { get; }

    /// <summary>The data directory.</summary>
    public string Folder { get; }

    /// <summary>What a person read on the console at the start.</summary>
    public string Output => _output.ToString();

    public static string NewFolder() => Directory.CreateTempSubdirectory("ledgerpost-host-").FullName;

    /// <summary>In Development, with an operator (<see cref="Email"/>, <see cref="Password"/>) and no demo tenant.</summary>
    public static Task<RealHost> StartAsync(params string[] settings) =>
        StartAsync(NewFolder(), configure: null, keepFolder: false, settings);

    /// <param name="configure">What is replaced before the container is built.</param>
    /// <param name="keepFolder">The folder outlives this host, for another one to be started on it.</param>
    /// <param name="settings">As on the command line, and stronger than the defaults of this class.</param>
    public static async Task<RealHost> StartAsync(
        string folder,
        Action<WebApplicationBuilder>? configure,
        bool keepFolder,
        params string[] settings
    )
    {
        var output = new StringWriter();
        var app = PortalApplication.Create(
            [.. Arguments(folder), .. await DatabaseAsync(folder, migrated: true, settings), .. settings],
            configure
        );
        try
        {
            await PortalApplication.StartAsync(app, output);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new RealHost(app, folder, output, keepFolder);
    }

    /// <summary>The source folder of the portal, where its settings files are.</summary>
    public static string ContentRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "AdminPortal.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The solution was not found.");
        }

        return Path.Combine(folder.FullName, "src", "AdminPortal");
    }

    /// <summary>A browser that keeps cookies and does not follow redirects.</summary>
    public HttpClient Browser() =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() })
        {
            BaseAddress = new Uri(Address),
        };

    public async Task<HttpClient> SignedInAsync(string email = Email, string password = Password)
    {
        var browser = Browser();
        var answer = await PostSignInAsync(browser, email, password);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        return browser;
    }

    /// <summary>Fills in the sign-in form and sends it.</summary>
    public static Task<HttpResponseMessage> PostSignInAsync(HttpClient browser, string email, string password) =>
        PostFormAsync(
            browser,
            "/account/sign-in",
            new Dictionary<string, string> { ["Form.Email"] = email, ["Form.Password"] = password }
        );

    /// <summary>Opens a page with one form and sends it with these values beside its hidden ones.</summary>
    public static async Task<HttpResponseMessage> PostFormAsync(
        HttpClient browser,
        string path,
        Dictionary<string, string> values
    ) => await PostAsync(browser, path, await FormAsync(browser, path), values);

    /// <returns>The hidden values of the page's one form.</returns>
    public static async Task<IReadOnlyDictionary<string, string>> FormAsync(HttpClient browser, string path) =>
        Hidden(await browser.GetStringAsync(path));

    /// <inheritdoc cref="FormAsync"/>
    public static IReadOnlyDictionary<string, string> Hidden(string page) =>
        HiddenInput()
            .Matches(page)
            .ToDictionary(
                hidden => hidden.Groups["name"].Value,
                hidden => WebUtility.HtmlDecode(hidden.Groups["value"].Value)
            );

    /// <summary>Sends a form that was opened before.</summary>
    public static async Task<HttpResponseMessage> PostAsync(
        HttpClient browser,
        string path,
        IReadOnlyDictionary<string, string> hidden,
        Dictionary<string, string> values
    )
    {
        using var form = new FormUrlEncodedContent(hidden.Concat(values));
        return await browser.PostAsync(path, form);
    }

    /// <summary>The lines of the JSON log file; complete only after the host was disposed or the line was flushed.</summary>
    public static IReadOnlyList<string> LogLines(string folder)
    {
        var lines = new List<string>();
        foreach (var file in Directory.GetFiles(Path.Combine(folder, "logs")))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream);
            lines.AddRange(reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }

        return lines;
    }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
        await _output.DisposeAsync();
        if (!_keepFolder)
        {
            if (Databases.TryRemove(Folder, out var database))
            {
                await PostgreSqlServer.DropAsync(database);
            }

            Directory.Delete(Folder, recursive: true);
        }
    }

    /// <summary>Each folder has a database of its own, on PostgreSQL too, unless the test names one.</summary>
    /// <param name="migrated">False where a verb has to find none, or an empty one; so has a start in a folder that is not there yet.</param>
    private static async Task<IEnumerable<string>> DatabaseAsync(string folder, bool migrated, string[] settings)
    {
        if (settings.Any(setting => setting.Contains("ConnectionStrings:Portal=", StringComparison.Ordinal)))
        {
            return [];
        }

        if (!PostgreSqlServer.IsChosen)
        {
            var file = Path.Combine(folder, "portal.db");
            if (migrated && Directory.Exists(folder) && !File.Exists(file))
            {
                await SqliteTemplate.CopyToAsync(file);
            }

            return [];
        }

        if (!Databases.TryGetValue(folder, out var database))
        {
            database = await PostgreSqlServer.CreateAsync(migrated);
            Databases[folder] = database;
        }

        return OnPostgreSql(database);
    }

    /// <summary>The database of a host that has stopped, or beside one that runs.</summary>
    public static PortalDb Open(string folder) =>
        new(
            ConnectionString(folder),
            TimeProvider.System,
            new SeededIds(),
            TestDatabase.AuditKeys,
            provider: TestDatabase.Provider
        );

    public static string ConnectionString(string folder) =>
        PostgreSqlServer.IsChosen ? Databases[folder] : $"Data Source={Path.Combine(folder, "portal.db")}";

    public static string[] OnPostgreSql(string connectionString) =>
        ["--Database:Provider=PostgreSql", $"--ConnectionStrings:Portal={connectionString}"];

    /// <summary>The settings of a host on this folder, for a verb of the binary.</summary>
    public static async Task<IReadOnlyList<string>> SettingsAsync(string folder) =>
        [.. Arguments(folder), .. await DatabaseAsync(folder, migrated: false, [])];

    private static IEnumerable<string> Arguments(string folder) =>
        [
            $"--contentRoot={ContentRoot()}",
            "--environment=Development",
            "--urls=http://127.0.0.1:0",
            $"--Portal:DataDirectory={folder}",
            $"--Bootstrap:Email={Email}",
            $"--Bootstrap:Password={Password}",
            "--Demo:Seed=false",
            $"--Audit:Key={Convert.ToBase64String(TestDatabase.AuditKey)}",
            "--Serilog:WriteTo:Console:Args:restrictedToMinimumLevel=Fatal",
        ];

    [GeneratedRegex(
        "<input type=\"hidden\" name=\"(?<name>[^\"]+)\" value=\"(?<value>[^\"]*)\"",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex HiddenInput();
}
