using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>What tests of transactional mails do again and again.</summary>
internal static class EmailSteps
{
    public const string Path = "/api/v1/emails";

    /// <summary>A mail as a program posts it, by its key.</summary>
    public static async Task<Guid> PostAsync(
        this EngineHarness engine,
        string key,
        string to = "ada@example.org",
        TestTenant? tenant = null
    ) => Assert.IsType<SendEmailResult.Posted>(await engine.TryPostAsync(key, to, tenant)).Id;

    public static Task<SendEmailResult> TryPostAsync(
        this EngineHarness engine,
        string key,
        string to = "ada@example.org",
        TestTenant? tenant = null
    ) => PostAsync(engine.Db, engine.Signal, tenant ?? engine.Tenant, key, to);

    public static Task<SendEmailResult> PostAsync(
        PortalDb db,
        SendingSignal signal,
        TestTenant tenant,
        string key,
        string to
    )
    {
        var record = new RequestRecord<SendEmailResult>(
            new RequestKey(key, Path, () => "hash"),
            (result, _, _) =>
                Task.FromResult(
                    result is SendEmailResult.Posted posted
                        ? new CommandAnswer(202, Sent: posted.Id)
                        : new CommandAnswer(422)
                )
        );
        return new SendEmail(db, signal).ExecuteAsync(
            tenant.As(TenantRole.Admin) with
            {
                Record = record,
            },
            new EmailRequest(to, "Your receipt", "<p>Thank you, {{first_name}}.</p>", null, tenant.SenderId),
            CancellationToken.None
        );
    }

    public static async Task<EmailView> EmailAsync(this EngineHarness engine, Guid id, TestTenant? tenant = null) =>
        (
            await new EmailPages(engine.Db).ExecuteAsync(
                (tenant ?? engine.Tenant).Scope,
                new EmailListQuery(),
                CancellationToken.None
            )
        ).Single(mail => mail.Email.Id == id);
}
