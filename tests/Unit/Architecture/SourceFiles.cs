namespace UnitTests.Architecture;

/// <summary>The sources themselves: what a compiler cannot forbid is read here.</summary>
internal static class SourceFiles
{
    private static readonly Lazy<string> Root = new(() =>
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "AdminPortal.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("These tests run inside the repository.");
    });

    /// <param name="folder">Below the root, with slashes.</param>
    /// <returns>Path below <paramref name="folder"/>, with slashes, and the text without comments.</returns>
    public static IReadOnlyList<(string Path, string Text)> In(string folder, params string[] endings)
    {
        var start = Path.Combine(Root.Value, folder);
        return
        [
            .. Directory
                .EnumerateFiles(start, "*", SearchOption.AllDirectories)
                .Where(file => (endings.Length == 0 ? [".cs"] : endings).Any(file.EndsWith))
                .Select(file => (Path: Path.GetRelativePath(start, file).Replace('\\', '/'), File: file))
                .Where(pair => !pair.Path.Split('/').Any(part => part is "bin" or "obj"))
                .OrderBy(pair => pair.Path, StringComparer.Ordinal)
                .Select(pair => (pair.Path, WithoutComments(File.ReadAllText(pair.File)))),
        ];
    }

    private static string WithoutComments(string text) =>
        string.Join('\n', text.Split('\n').Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)));
}
