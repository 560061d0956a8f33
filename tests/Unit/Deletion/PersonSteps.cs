using Ledgerpost.Deletion;
using Ledgerpost.Tenancy;
using UnitTests.Sending;

namespace UnitTests.Deletion;

internal static class PersonSteps
{
    public static Task<ErasePersonResult> EraseAsync(this EngineHarness engine, string address) =>
        new ErasePerson(engine.Db, engine.Options).ExecuteAsync(
            engine.Tenant.As(TenantRole.Admin),
            address,
            CancellationToken.None
        );

    public static Task<ErasePersonResult> EraseAsync(this EngineHarness engine, Guid contactId) =>
        new ErasePerson(engine.Db, engine.Options).ExecuteAsync(
            engine.Tenant.As(TenantRole.Admin),
            contactId,
            CancellationToken.None
        );
}
