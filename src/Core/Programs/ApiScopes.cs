using Ledgerpost.Tenancy;

namespace Ledgerpost.Programs;

/// <summary>What a key may do. None implies another; which route asks for which stands in docs/api.md.</summary>
[Flags]
public enum ApiScopes
{
    None = 0,
    Read = 1,
    Contacts = 2,
    Send = 4,
    Admin = 8,
    All = Read | Contacts | Send | Admin,
}

public static class ApiScopeNames
{
    private static readonly (ApiScopes Scope, string Name, TenantRole Role)[] Each =
    [
        (ApiScopes.Read, "read", TenantRole.Viewer),
        (ApiScopes.Contacts, "contacts", TenantRole.Editor),
        (ApiScopes.Send, "send", TenantRole.Admin),
        (ApiScopes.Admin, "admin", TenantRole.Owner),
    ];

    /// <summary>The names of all, in the order in which they are shown.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Each.Select(scope => scope.Name)];

    /// <summary>As the API writes them: <c>read</c>, <c>contacts</c>, <c>send</c>, <c>admin</c>.</summary>
    public static IReadOnlyList<string> Names(this ApiScopes scopes) =>
        [.. Each.Where(scope => scopes.HasFlag(scope.Scope)).Select(scope => scope.Name)];

    /// <returns>False when a name is none of them.</returns>
    public static bool TryParse(IEnumerable<string> names, out ApiScopes scopes)
    {
        scopes = ApiScopes.None;
        foreach (var name in names)
        {
            var found = Array.FindIndex(Each, scope => scope.Name == name);
            if (found < 0)
            {
                return false;
            }

            scopes |= Each[found].Scope;
        }

        return true;
    }

    /// <summary>The role that a person would need for what the greatest of these scopes allows; null for none.</summary>
    internal static TenantRole? Role(this ApiScopes scopes) =>
        Each.Where(scope => scopes.HasFlag(scope.Scope)).Select(scope => (TenantRole?)scope.Role).Max();
}
