using System.Reflection;
using System.Text.RegularExpressions;
using AdminPortal;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using UnitTests.Hosting;

namespace UnitTests.Architecture;

/// <summary>
/// A button can do what its component was given. What asks who acts is found and called by other tests; all else is listed here
/// with what it can do.
/// </summary>
public sealed partial class ComponentDoorTests(WallTests.Portal portal) : IClassFixture<WallTests.Portal>
{
    /// <summary>Of the portal: with why nobody's permission is asked there.</summary>
    private static readonly Dictionary<string, string> Harmless = new(StringComparer.Ordinal)
    {
        ["AccountMailer"] = "tells whether mails can be written",
        ["AskForReset"] = "for whoever is not signed in: writes a row and looks nothing up",
        ["CampaignNotifier"] = "tells that numbers changed, and no number",
        ["Confirmations"] = "asks the person who looks at the page",
        ["FailedAttempts"] = "counts failures of a network address",
        ["IShellData"] = "the frame of the person of the circuit",
        ["InstallationNotices"] = "sentences for everybody who is signed in",
        ["LaunchCampaign"] = "also launches what was scheduled, for the engine: pages give the caller",
        ["Passkeys"] = "lists the passkeys of the account that the cookie names; its commands ask for the session",
        ["PortalOptions"] = "settings",
        ["Reconciler"] = "tells since when the provider's record cannot be read",
        ["ReplaySuppressions"] = "tells how many addresses were read",
        ["ResetPassword"] = "the link is the proof",
        ["SecondFactorState"] = "reads the account that the cookie names",
        ["SessionList"] = "reads the account that the cookie names",
        ["SignIn"] = "for whoever is not signed in",
        ["TenantDirectory"] = "reads the memberships of the account that the cookie names",
        ["Toasts"] = "a sentence in the corner of the page",
        ["UseSetUpLink"] = "the link is the proof",
    };

    /// <summary>Of the framework: none of them knows of tenants.</summary>
    private static readonly string[] Framework =
    [
        "DialogService",
        "IHostEnvironment",
        "IJSRuntime",
        "ILogger`1",
        "NavigationManager",
        "TimeProvider",
    ];

    /// <summary>Where somebody other than the signed-in person is made to act, or the person at all: each with who it is.</summary>
    private static readonly Dictionary<string, string> MakesActors = new(StringComparer.Ordinal)
    {
        ["Account/PortalPrincipal.cs"] = "the person of the cookie",
        ["Api/ApiCall.cs"] = "the program of the key",
        ["Features/Audit/AuditFiles.cs"] = "the person of the cookie, in the tenant of the wall",
        ["Features/Contacts/ContactFiles.cs"] = "the person of the cookie, in the tenant of the wall",
        ["Hosting/DemoCampaigns.cs"] = "the portal itself, in the demo tenant, at the start",
        ["Hosting/DemoSeed.cs"] = "the portal itself, for the demo tenant's log, at the start",
        ["Hosting/VerbsForScripts.cs"] = "whoever has the data directory",
        ["Tenancy/TenantGate.razor.cs"] = "the person of the circuit, in the tenant of its address",
    };

    [Fact]
    public void EveryComponent_IsGivenOnlyWhatAsksWhoActs_OrIsListed()
    {
        var asks = UseCaseCalls
            .Of(portal.Host.Services, typeof(Caller))
            .Concat(UseCaseCalls.Of(portal.Host.Services, typeof(TenantScope)))
            .Concat(UseCaseCalls.Of(portal.Host.Services, typeof(Actor)))
            .Select(one => one.Type)
            .ToHashSet();
        var components = typeof(PortalApplication)
            .Assembly.GetTypes()
            .Where(type => type.IsAssignableTo(typeof(IComponent)) && !type.IsAbstract)
            .ToList();
        var given = components
            .SelectMany(Given)
            .Distinct()
            .Where(type => !Framework.Contains(type.Name) && !(asks.Contains(type) && AsksAlways(type)))
            .Select(type => type.Name);

        Assert.True(components.Count > 100, $"The search for components has gone blind: {components.Count}.");
        UseCaseCalls.AssertSame(Harmless.Keys, given);
    }

    [Fact]
    public void WhoActs_IsMadeOnlyInTheNamedFiles() =>
        Assert.Equal(
            MakesActors.Keys.Order(StringComparer.Ordinal),
            SourceFiles
                .In("src/AdminPortal", ".cs", ".razor")
                .Where(file => Actors().IsMatch(file.Text))
                .Select(file => file.Path)
        );

    // By property or by constructor, as its own or of what it derives from.
    private static IEnumerable<Type> Given(Type component) =>
        component
            .GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(property => property.GetCustomAttribute<InjectAttribute>() is not null)
            .Select(property => property.PropertyType)
            .Concat(component.GetConstructors().SelectMany(one => one.GetParameters()).Select(one => one.ParameterType))
            .Select(type => type.IsGenericType ? type.GetGenericTypeDefinition() : type);

    /// <summary>A method that takes nobody is a door of its own.</summary>
    private static bool AsksAlways(Type type) =>
        UseCaseCalls
            .Methods(type)
            .Where(method => !method.IsSpecialName)
            .All(method =>
                method
                    .GetParameters()
                    .Any(one =>
                        one.ParameterType == typeof(Caller)
                        || one.ParameterType == typeof(TenantScope)
                        || one.ParameterType == typeof(Actor)
                    )
            );

    [GeneratedRegex(
        @"\bCaller\.System|\bActor\.(System|CommandLine)|\bnew (Caller|Actor)\(|\b(Caller|Actor) \w+ = new\(|Actor \w+\([^)]*\) =>\s+new\(",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex Actors();
}
