using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Hosting;

namespace UnitTests.Architecture;

/// <summary>
/// Which role each use case needs. A member asks for each of them, at first as a viewer and then as what the refusal names,
/// until nothing refuses any more: that role, and no lower one, must be the one of the table.
/// </summary>
public sealed class RoleTableTests(WallTests.Portal portal) : IClassFixture<WallTests.Portal>
{
    // What a role may: owners keep members, keys and domains and delete the organisation; admins send, resume, suppress and keep
    // the settings; editors compose and import; viewers read.
    private static readonly Dictionary<TenantRole, string[]> Table = new()
    {
        [TenantRole.Owner] =
        [
            "AddMember",
            "AddOwnWebhookSecret",
            "AddSendingDomain",
            "ApiKeyList",
            "ChangeMemberRole",
            "CreateApiKey",
            "DeleteTenant",
            "DeleteTenant.LookAsync",
            "OwnAccountOverview",
            "RemoveMember",
            "RemoveOwnKey",
            "RemoveOwnWebhookSecret",
            "RemoveSendingDomain",
            "RenewInvitation",
            "RenewSetUpLink",
            "RevokeApiKey",
            "RevokeInvitation",
            "SetOwnKey",
        ],
        [TenantRole.Admin] =
        [
            // ChangeTenant asks for an owner besides, where a setting is the owners': SettingsPageTests.
            "AddSender",
            "AddSuppression",
            "CancelCampaign",
            "ChangeEndpoint",
            "ChangeSender",
            "ChangeTenant",
            "CheckSendingDomain",
            "ContinueCampaign",
            "CreateEndpoint",
            "CreateFollowUp",
            "DecideUnknown",
            "DeleteEndpoint",
            "ErasePerson",
            "ErasePerson.LookAsync",
            "ExportPerson",
            "LaunchCampaign",
            "PauseCampaign",
            "RemoveSender",
            "RemoveSuppression",
            "ReplayDelivery",
            "ReplayEvent",
            "ResumeCampaign",
            "RotateEndpointSecret",
            "ScheduleCampaign",
            "SendEmail",
            "SendTestEvent",
            "SendTestMail",
            "UnscheduleCampaign",
        ],
        [TenantRole.Editor] =
        [
            // ComposeCampaign asks for an admin besides, where it sends or schedules.
            "AddContact",
            "AddToSegment",
            "ChangeContact",
            "ChangeSegment",
            "ChangeTemplate",
            "ComposeCampaign",
            "CreateCampaign",
            "CreateSegment",
            "CreateTemplate",
            "DeleteContacts",
            "DeleteDraft",
            "DeleteSegment",
            "DeleteTemplate",
            "DuplicateCampaign",
            "RemoveFromSegment",
            "SaveDraft",
            "StartFromTemplate",
            "StartImport",
            "TagContacts",
            "UnsubscribeContact",
            "UntagContacts",
        ],
        [TenantRole.Viewer] =
        [
            "ContactExport.WriteAsync",
            "ContactList",
            "ContactList.CountAsync",
            "ContactList.FindAsync",
            "ContactList.NewestFirstAsync",
            "ContactList.TagsAsync",
            "ExportAuditLog",
            "ImportReport.FindAsync",
            "ImportReport.LatestAsync",
            "ImportReport.LinesAsync",
            "ImportReport.WriteRejectedAsync",
            "LeaveTenant",
            "SegmentList",
            "SegmentList.CountAsync",
            "SegmentList.FindAsync",
            "SegmentList.NamedAsync",
            "SegmentList.NewestFirstAsync",
            "SenderOverview",
            "SenderOverview.DomainsAsync",
            "SenderOverview.FindDomainAsync",
            "SenderOverview.SendersAsync",
            "SuppressionList",
            "SuppressionList.NewestFirstAsync",
        ],
    };

    [Fact]
    public async Task EveryUseCase_NeedsTheRoleOfTheTable_AndNoneIsWithoutARow()
    {
        var member = await AddMemberAsync();
        var found = new List<string>();
        foreach (var (type, method) in UseCaseCalls.Of(portal.Host.Services, typeof(Caller)))
        {
            var role = TenantRole.Viewer;
            while (await NeededAsync(type, method, member, role) is { } needed && needed > role)
            {
                role = needed;
            }

            found.Add($"{role} {UseCaseCalls.Name(type, method)}");
        }

        Assert.True(found.Count > 80, $"The search for use cases has gone blind: {found.Count}.");
        UseCaseCalls.AssertSame(Table.SelectMany(row => row.Value.Select(name => $"{row.Key} {name}")), found);
    }

    /// <returns>The role that the refusal names; null when nothing was refused.</returns>
    private async Task<TenantRole?> NeededAsync(
        Type type,
        System.Reflection.MethodInfo method,
        Member member,
        TenantRole role
    )
    {
        await BecomeAsync(member, role);
        var outcome = await UseCaseCalls.CallAsync(
            portal.Host.Services,
            type,
            method,
            new Caller(
                TenantScope.For(member.TenantId),
                new Actor(ActorKind.User, member.UserId, "Member", null),
                Record: new Named()
            )
        );
        if (outcome is not AccessDeniedException denied)
        {
            return null;
        }

        return Enum.GetValues<TenantRole>()
            .Cast<TenantRole?>()
            .SingleOrDefault(one =>
                denied.Message.StartsWith(
                    $"This needs the role {one.ToString()!.ToLowerInvariant()};",
                    StringComparison.Ordinal
                )
            );
    }

    private async Task<Member> AddMemberAsync()
    {
        var db = portal.Host.Get<PortalDb>();
        await using var read = db.Read(TenantScope.None);
        var tenantId = (await read.Tenants.SingleAsync(row => row.Slug == "north")).Id;
        Assert.True(EmailAddress.TryParse("member@north.test", out var address, out _));
        var userId = await db.WriteAsync(
            TenantScope.None,
            (context, _) =>
            {
                var user = People.Add(context, address, db.Ids.New(), db.Time.GetUtcNow());
                People.SetPassword(user, "a password of words");
                return Task.FromResult(user.Id);
            },
            default
        );
        return new Member(tenantId, userId);
    }

    // Anew for each: what was called before may have been to leave.
    private Task BecomeAsync(Member member, TenantRole role) =>
        portal
            .Host.Get<PortalDb>()
            .WriteAsync(
                TenantScope.For(member.TenantId),
                async (db, token) =>
                {
                    await db.Memberships.Where(row => row.UserId == member.UserId).ExecuteDeleteAsync(token);
                    db.Memberships.Add(
                        new Membership
                        {
                            TenantId = member.TenantId,
                            UserId = member.UserId,
                            Role = role,
                            CreatedAt = DateTimeOffset.UnixEpoch,
                        }
                    );
                },
                default
            );

    /// <summary>For what is only done under a request's name.</summary>
    private sealed class Named : ICommandRecord
    {
        public TimeSpan? Patience => null;

        public RequestName? Name { get; } = new("/api/v1/emails", "key");

        public Task BeginAsync(CommandContext command, CancellationToken cancellation) => Task.CompletedTask;

        public Task CompleteAsync(CommandContext command, object? outcome, CancellationToken cancellation) =>
            Task.CompletedTask;
    }

    private sealed record Member(Guid TenantId, Guid UserId);
}
