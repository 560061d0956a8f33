namespace Ledgerpost.Sending;

/// <summary>
/// Whose workers a call waits for: those of the tenant's own account that it goes through, or the installation's, which also
/// come to what went through an earlier account of the installation, to find out that it is another one now.
/// </summary>
internal static class RunThrough
{
    /// <summary>SQL about what is sent for the first time, of a campaign <c>m</c> in its current run.</summary>
    /// <param name="own">The place of the own account's id.</param>
    /// <param name="shared">The place of whether the installation is meant, and no own account.</param>
    public static string Account(string own, string shared) =>
        $"""
            EXISTS (
                SELECT 1 FROM "Runs" AS r JOIN "ProviderAccounts" AS a ON a."Id" = r."AccountId"
                WHERE r."TenantId" = m."TenantId" AND r."CampaignId" = m."Id" AND r."Number" = m."CurrentRun"
                    AND (a."Id" = {own} OR (a."OwnerId" IS NULL AND {shared})))
            """;

    /// <summary>SQL about a chunk <c>c</c> in doubt: a repeat goes where it went.</summary>
    public static string Doubt(string own, string shared) =>
        $"""
            EXISTS (
                SELECT 1 FROM "ProviderAccounts" AS a
                WHERE a."Id" = c."AccountId" AND (a."Id" = {own} OR (a."OwnerId" IS NULL AND {shared})))
            """;
}
