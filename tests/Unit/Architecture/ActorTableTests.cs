using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Hosting;
using UnitTests.Support;

namespace UnitTests.Architecture;

/// <summary>
/// Everything that is asked for by a person as such and not as a member: by operators about the installation, by everybody
/// about the own account. Found by reflection; one without a row fails.
/// </summary>
public sealed class ActorTableTests(WallTests.Portal portal) : IClassFixture<WallTests.Portal>
{
    private const string NoOperator = "Only an operator of this installation may do this.";
    private const string Over = "You are not signed in any more.";

    /// <summary>Refused to whoever is no operator.</summary>
    private static readonly string[] Operators =
    [
        "AddOperator",
        "AuditQuery.ReadAsync",
        "ChangeTenantAsOperator",
        "CreateFirstApiKey",
        "CreateTenant",
        "DeleteTenant",
        "DeleteTenant.LookAsync",
        "ExportAuditLog",
        "InviteFirstOwner",
        "ListEvents",
        "MakeOperatorKey",
        "OperatorKeyList",
        "OperatorList",
        "ReleaseSending",
        "ReleaseSending.ReadAsync",
        "RemoveOperator",
        "ReplayEvent",
        "RevokeOperatorKey",
        "TenantHealthList.ReadAsync",
        "TenantList.FindAsync",
        "TenantList.NewestFirstAsync",
        "VerifyAuditLog",
        "VerifyAuditLog.AnchorAsync",
    ];

    /// <summary>About the account of whoever acts: there is no other to name.</summary>
    private static readonly string[] Accounts =
    [
        "ChangePassword",
        "ChangeSecondFactor.DisableAsync",
        "ChangeSecondFactor.RenewCodesAsync",
        "EnableAuthenticator",
        "EndSessions",
        "EndSessions.ExecuteForOthersAsync",
        "JoinTenant",
        "JoinTenant.LookAsync",
        "Passkeys.AddAsync",
        "Passkeys.RemoveAsync",
        "Passkeys.RenameAsync",
    ];

    [Fact]
    public async Task EveryUseCaseOfAPerson_RefusesAStranger_AndAnEndedSession_AndNoneIsWithoutARow()
    {
        var stranger = await SignInAsync("stranger@ledgerpost.test", isOperator: false, isOver: false);
        var gone = await SignInAsync("gone@ledgerpost.test", isOperator: true, isOver: true);
        var old = await SignInAsync("old@ledgerpost.test", isOperator: true, isOver: false, age: UserSession.AgeLimit);
        var useCases = UseCaseCalls.Of(portal.Host.Services, typeof(Actor)).ToList();
        var before = await EntriesAsync();
        var wrong = new List<string>();
        foreach (var (type, method) in useCases)
        {
            var name = UseCaseCalls.Name(type, method);
            if (Operators.Contains(name))
            {
                await ExpectAsync(stranger, NoOperator);
            }

            await ExpectAsync(gone, Over);
            await ExpectAsync(old, Over);

            async Task ExpectAsync(Actor actor, string start)
            {
                var outcome = await UseCaseCalls.CallAsync(portal.Host.Services, type, method, actor);
                if (
                    outcome is not AccessDeniedException denied
                    || !denied.Message.StartsWith(start, StringComparison.Ordinal)
                )
                {
                    wrong.Add($"{name} by {actor.Name}: {outcome ?? "nothing"}");
                }
            }
        }

        UseCaseCalls.AssertSame(
            Operators.Concat(Accounts),
            useCases.Select(one => UseCaseCalls.Name(one.Type, one.Method))
        );
        UseCaseCalls.AssertSame([], wrong);
        Assert.Equal(before, await EntriesAsync());
    }

    private async Task<int> EntriesAsync()
    {
        await using var db = portal.Host.Get<PortalDb>().Read(TenantScope.Installation);
        return await db.AuditEntries.CountAsync(entry => entry.Action != "command.denied");
    }

    private async Task<Actor> SignInAsync(string email, bool isOperator, bool isOver, TimeSpan age = default)
    {
        Assert.True(EmailAddress.TryParse(email, out var address, out _));
        var db = portal.Host.Get<PortalDb>();
        var (userId, sessionId, now) = (db.Ids.New(), db.Ids.New(), db.Time.GetUtcNow());
        await db.WriteAsync(
            TenantScope.None,
            (context, _) =>
            {
                var user = People.Add(context, address, userId, now);
                user.IsOperator = isOperator;
                People.SetPassword(user, RealHost.Password);
                context.Sessions.Add(
                    new UserSession
                    {
                        Id = sessionId,
                        UserId = userId,
                        Stamp = user.SecurityStamp!,
                        Method = SignInMethod.Password,
                        SecondFactor = false,
                        CreatedAt = now - age,
                        LastSeenAt = now,
                        Browser = "Firefox on Linux",
                        EndedAt = isOver ? now : null,
                        EndedBy = isOver ? SessionEnd.Revoked : null,
                    }
                );
                return Task.CompletedTask;
            },
            default
        );
        return new Actor(ActorKind.Operator, userId, email, null, sessionId);
    }
}
