using Ledgerpost.Senders;

namespace Ledgerpost.Sending;

/// <summary>
/// Whose workers a call waits for: those of the tenant's own account that it goes through, or the installation's, which also
/// come to what went through an earlier account of the installation, to find out that it is another one now.
/// </summary>
internal static class RunThrough
{
    /// <summary>SQL about what is sent for the first time, of a campaign <c>m</c> in its current run, through the installation's account.</summary>
    public const string Shared = """
        EXISTS (
            SELECT 1 FROM "Runs" AS r JOIN "ProviderAccounts" AS a ON a."Id" = r."AccountId"
            WHERE r."TenantId" = m."TenantId" AND r."CampaignId" = m."Id" AND r."Number" = m."CurrentRun"
                AND a."OwnerId" IS NULL)
        """;

    /// <summary>SQL about a chunk <c>c</c> in doubt that went through an account of the installation.</summary>
    public const string SharedDoubt = """
        EXISTS (SELECT 1 FROM "ProviderAccounts" AS a WHERE a."Id" = c."AccountId" AND a."OwnerId" IS NULL)
        """;

    /// <summary>SQL about an own account <c>o</c>: it has a key, for the provider that is configured; as <see cref="UsableAccounts.WithKeys"/>.</summary>
    public const string WithKey = """
        o."ApiKey" IS NOT NULL AND EXISTS (
            SELECT 1 FROM "ProviderAccounts" AS a JOIN "ProviderAccounts" AS i ON i."IsCurrent" AND i."BaseUrl" = a."BaseUrl"
            WHERE a."Id" = o."AccountId" AND a."OwnerId" = o."TenantId")
        """;

    /// <summary>
    /// The same as <see cref="Shared"/>, of an own account: only as long as something may begin there, which is the tenant's
    /// current account with a key.
    /// </summary>
    /// <param name="own">Null for the installation's.</param>
    /// <param name="account">The place of the own account's id.</param>
    public static string Account(CurrentAccount? own, string account) =>
        own is null
            ? Shared
            : $"""
                EXISTS (
                    SELECT 1 FROM "Runs" AS r
                    WHERE r."TenantId" = m."TenantId" AND r."CampaignId" = m."Id" AND r."Number" = m."CurrentRun"
                        AND r."AccountId" = {account})
                    AND EXISTS (
                        SELECT 1 FROM "OwnAccounts" AS o WHERE o."TenantId" = m."TenantId" AND o."AccountId" = {account}
                            AND o."IsCurrent" AND {WithKey})
                """;
}
