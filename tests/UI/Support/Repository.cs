using System.Reflection;

namespace UITests.Support;

/// <summary>Where this test assembly was built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Metadata("Repository");

    public static string Artifacts { get; } = Path.Combine(Root, "artifacts");

    public static string PortalProject { get; } = Path.Combine(Root, "src", "AdminPortal");

    public static string PortalAssembly { get; } =
        Path.Combine(PortalProject, "bin", Metadata("Configuration"), "net10.0", "AdminPortal.dll");

    public static string EmulatorAssembly { get; } =
        Path.Combine(Root, "src", "ResendEmulator", "bin", Metadata("Configuration"), "net10.0", "ResendEmulator.dll");

    private static string Metadata(string key) =>
        typeof(Repository)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == key)
            .Value!;
}
