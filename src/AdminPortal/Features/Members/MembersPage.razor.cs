using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Members;

public sealed partial class MembersPage
{
    private IReadOnlyList<MemberLine>? _members;
    private IReadOnlyList<InvitationLine> _invitations = [];
    private string? _failed;
    private string? _problem;
    private string _email = "";
    private TenantRole _role = TenantRole.Editor;
    private bool _busy;
    private (string Title, string Email, string? Token, bool Invitation, bool Mailed)? _added;

    [Inject]
    public required MemberList List { get; init; }

    [Inject]
    public required AddMember AddMember { get; init; }

    [Inject]
    public required ChangeMemberRole ChangeMemberRole { get; init; }

    [Inject]
    public required RemoveMember RemoveMember { get; init; }

    [Inject]
    public required LeaveTenant LeaveTenant { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required RenewSetUpLink RenewSetUpLink { get; init; }

    [Inject]
    public required RenewInvitation RenewInvitation { get; init; }

    [Inject]
    public required RevokeInvitation RevokeInvitation { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<MembersPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Tenant { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    private bool MayChange => Tenant.Can(TenantRole.Owner);

    private Guid? Me => Tenant.Caller.Actor.UserId;

    protected override Task OnInitializedAsync() => LoadAsync();

    private async Task LoadAsync()
    {
        _failed = null;
        try
        {
            _members = await List.ReadAsync(Tenant.Caller.Scope, CancellationToken.None);
            _invitations = await List.ReadInvitationsAsync(Tenant.Caller.Scope, CancellationToken.None);
        }
        catch (Exception exception)
        {
            Logger.LogError(exception, "The members could not be read.");
            _failed = "The members could not be read.";
        }
    }

    private Task AddAsync() =>
        RunAsync(async () =>
        {
            var result = await AddMember.ExecuteAsync(Tenant.Caller, _email, _role, CancellationToken.None);
            _problem = (result as AddMemberResult.Invalid)?.Message;
            _added = result switch
            {
                AddMemberResult.Added added => (
                    $"{added.Email} is a member now.",
                    added.Email,
                    added.SetUpToken,
                    Invitation: false,
                    added.Mailed
                ),
                AddMemberResult.Invited invited => (
                    $"{invited.Email} has an account already and is invited.",
                    invited.Email,
                    invited.InvitationToken,
                    Invitation: true,
                    invited.Mailed
                ),
                _ => _added,
            };
            if (_problem is null)
            {
                _email = "";
            }
        });

    private async Task ChangeRoleAsync(MemberLine member, TenantRole role)
    {
        var lowers = role < member.Role;
        if (
            lowers
            && !await Confirmations.AskAsync(
                new Confirmation(
                    $"Make {member.Name} {role.ToString().ToLowerInvariant()}?",
                    [
                        member.UserId == Me
                            ? "You lose what only the higher role may do, and cannot give it back to yourself."
                            : "They lose what only the higher role may do, at once.",
                    ],
                    $"Make {role.ToString().ToLowerInvariant()}",
                    Danger: true
                )
            )
        )
        {
            return;
        }

        await RunAsync(async () =>
            Tell(
                await ChangeMemberRole.ExecuteAsync(Tenant.Caller, member.UserId, role, CancellationToken.None),
                $"{member.Name} is {role.ToString().ToLowerInvariant()} now."
            )
        );
    }

    private async Task RemoveAsync(MemberLine member)
    {
        if (await Confirmations.AskAsync(DeletionQuestions.Member(member.Name, Tenant.Name)))
        {
            await RunAsync(async () =>
                Tell(
                    await RemoveMember.ExecuteAsync(Tenant.Caller, member.UserId, CancellationToken.None),
                    $"{member.Name} was removed."
                )
            );
        }
    }

    private async Task LeaveAsync()
    {
        if (!await Confirmations.AskAsync(DeletionQuestions.Leaving(Tenant.Name)))
        {
            return;
        }

        var left = false;
        await RunAsync(async () =>
        {
            var result = await LeaveTenant.ExecuteAsync(Tenant.Caller, CancellationToken.None);
            left = result == ChangeMemberResult.Done;
            Tell(result, $"You have left {Tenant.Name}.");
        });
        if (left)
        {
            Navigation.NavigateTo(PortalUrls.Home, forceLoad: true);
        }
    }

    private Task RenewAsync(MemberLine member) =>
        RunAsync(async () =>
        {
            var token = await RenewSetUpLink.ExecuteAsync(Tenant.Caller, member.UserId, CancellationToken.None);
            if (token is null)
            {
                Toasts.Note(
                    "No link was made.",
                    "The person has set up the account meanwhile, or belongs to other organisations too."
                );
                return;
            }

            _added = (
                "A new set-up link. The one before has stopped working.",
                member.Email,
                token.Token,
                false,
                token.Mailed
            );
        });

    private Task RenewInvitationAsync(InvitationLine invitation) =>
        RunAsync(async () =>
        {
            var token = await RenewInvitation.ExecuteAsync(Tenant.Caller, invitation.UserId, CancellationToken.None);
            if (token is null)
            {
                Toasts.Note("No link was made.", "The invitation was accepted or withdrawn meanwhile.");
                return;
            }

            _added = (
                "A new link. The one before has stopped working.",
                invitation.Email,
                token.Token,
                true,
                token.Mailed
            );
        });

    private Task RevokeAsync(InvitationLine invitation) =>
        RunAsync(async () =>
        {
            if (await RevokeInvitation.ExecuteAsync(Tenant.Caller, invitation.UserId, CancellationToken.None))
            {
                Toasts.Done($"The invitation of {invitation.Email} was withdrawn.", "Its link has stopped working.");
            }
            else
            {
                Toasts.Note("There is no such invitation any more.", "It was accepted or withdrawn meanwhile.");
            }
        });

    private void Tell(ChangeMemberResult result, string done)
    {
        switch (result)
        {
            case ChangeMemberResult.Done:
                Toasts.Done(done);
                break;
            case ChangeMemberResult.LastOwner:
                Toasts.Failed("This is the last owner.", "Nothing was changed. Make somebody else owner first.");
                break;
            default:
                Toasts.Note("This person is not a member any more.");
                break;
        }
    }

    private async Task RunAsync(Func<Task> command)
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            await command();
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }
        finally
        {
            _busy = false;
        }

        await LoadAsync();
    }
}
