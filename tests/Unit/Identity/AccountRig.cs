using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Identity;

/// <summary>Accounts with passwords on a database of the test's own, and the use cases that sign them in.</summary>
internal sealed class AccountRig(TestDatabase database) : IAsyncDisposable
{
    public const string Password = "a password of words";
    public static readonly Origin Home = new("192.0.2.7", "Firefox on Linux");
    public static readonly Origin Elsewhere = new("198.51.100.9", "Safari on iPhone");

    public static IDataProtectionProvider Protection { get; } = new EphemeralDataProtectionProvider();

    public TestDatabase Database => database;
    public AuthenticatorSecrets Secrets { get; } = new(Protection);
    public SignInWithPassword WithPassword { get; } = new(database.Db);
    public SignInWithCode WithCode => new(database.Db, Secrets);
    public CheckSession Check { get; } = new(database.Db);
    public SessionList List { get; } = new(database.Db);
    public EndSessions End { get; } = new(database.Db);
    public EnableAuthenticator Enable => new(database.Db, Secrets);

    public static async Task<AccountRig> CreateAsync() => new(await TestDatabase.CreateAsync());

    public ValueTask DisposeAsync() => database.DisposeAsync();

    public Task<Guid> AddPersonAsync(string email = "ada@example.org") =>
        database.Db.WriteAsync(
            TenantScope.None,
            (db, _) =>
            {
                Assert.True(EmailAddress.TryParse(email, out var address, out var _));
                var user = People.Add(db, address, database.Ids.New(), database.Time.GetUtcNow());
                People.SetPassword(user, Password);
                return Task.FromResult(user.Id);
            },
            default
        );

    public Task<SignInAnswer> TryAsync(string password, string email = "ada@example.org", Origin? origin = null) =>
        WithPassword.ExecuteAsync(email, password, origin ?? Home, default);

    public async Task<OpenedSession> SignInAsync(string email = "ada@example.org", Origin? origin = null) =>
        Assert.IsType<SignInAnswer.SignedIn>(await TryAsync(Password, email, origin)).Session;

    public async Task<OpenedSession> NewlySignedInAsync()
    {
        await AddPersonAsync();
        return await SignInAsync();
    }

    public Task<SessionEnd?> StateAsync(OpenedSession session) =>
        Check.ExecuteAsync(session.UserId, session.SessionId, default);

    public static Actor As(OpenedSession session) =>
        new(ActorKind.User, session.UserId, session.Name, "192.0.2.7", session.SessionId);

    /// <returns>The secret, and the recovery codes.</returns>
    public async Task<(string Secret, IReadOnlyList<string> Codes)> EnableAsync(OpenedSession session)
    {
        var secret = Totp.NewSecret();
        var codes = await Enable.ExecuteAsync(As(session), secret, CodeOf(secret), default);
        Assert.NotNull(codes);
        return (secret, codes);
    }

    public string CodeOf(string secret) => Totp.Code(secret, Totp.StepAt(database.Time.GetUtcNow()));

    public void NextCode() => database.Time.Advance(Totp.Step);

    public Task JoinAsync(Guid tenantId, Guid userId, TenantRole role) =>
        database.Db.WriteAsync(
            TenantScope.For(tenantId),
            (db, _) =>
            {
                db.Memberships.Add(
                    new Membership
                    {
                        TenantId = tenantId,
                        UserId = userId,
                        Role = role,
                        CreatedAt = database.Time.GetUtcNow(),
                    }
                );
                return Task.CompletedTask;
            },
            default
        );

    public async Task<List<string>> ActionsAsync()
    {
        await using var db = database.Db.Read(TenantScope.Installation);
        return await db
            .AuditEntries.Where(entry => entry.TenantId == Guid.Empty)
            .OrderBy(entry => entry.Sequence)
            .Select(entry => entry.Action)
            .ToListAsync();
    }
}
