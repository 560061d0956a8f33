using System.Security.Claims;
using AdminPortal.Account;
using AdminPortal.Tenancy;
using Bunit;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Support;

namespace UnitTests.Tenancy;

/// <summary>An open page and its person's membership.</summary>
public sealed class TenantGateTests : BunitContext
{
    [Fact]
    public async Task Member_SeesThePage_WithTheirOwnSession()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");

        var gate = Open(database, tenant.People[TenantRole.Editor], "t/north/contacts");

        gate.WaitForAssertion(() => Assert.Equal("north Ltd Editor 192.0.2.7", gate.Find("p").TextContent));
    }

    [Theory]
    [InlineData("t/south")]
    [InlineData("t/nowhere/contacts")]
    public async Task Stranger_SeesWhatEverybodySeesWhereNothingIs(string address)
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddTenantAsync("south");

        var gate = Open(database, tenant.People[TenantRole.Owner], address);

        gate.WaitForAssertion(() => Assert.Contains("There is nothing here", gate.Markup, StringComparison.Ordinal));
        Assert.Empty(gate.FindAll("p.page"));
    }

    [Fact]
    public async Task RemovedMember_OnAnOpenPage_IsToldAndLeavesWithinAMinute_AndAChangedRoleArrives()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var (owner, editor) = (tenant.As(TenantRole.Owner), tenant.People[TenantRole.Editor]);
        var gate = Open(database, editor, "t/north");
        gate.WaitForAssertion(() => Assert.Contains("Editor", gate.Find("p").TextContent, StringComparison.Ordinal));

        await new ChangeMemberRole(database.Db).ExecuteAsync(owner, editor, TenantRole.Viewer, default);
        database.Time.Advance(TimeSpan.FromSeconds(60));
        gate.WaitForAssertion(() => Assert.Contains("Viewer", gate.Find("p").TextContent, StringComparison.Ordinal));

        await new RemoveMember(database.Db).ExecuteAsync(owner, editor, default);
        database.Time.Advance(TimeSpan.FromSeconds(60));
        var navigation = Services.GetRequiredService<NavigationManager>();
        gate.WaitForAssertion(() =>
            Assert.EndsWith(AdminPortal.PortalUrls.NotAMember, navigation.Uri, StringComparison.Ordinal)
        );
        Assert.Empty(gate.FindAll("p.page"));
    }

    [Fact]
    public async Task OtherTenant_InTheAddress_ShowsNothingOfTheOneBefore()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddTenantAsync("south");
        var gate = Open(database, tenant.People[TenantRole.Owner], "t/north");
        gate.WaitForAssertion(() => Assert.Contains("north", gate.Find("p").TextContent, StringComparison.Ordinal));

        Services.GetRequiredService<NavigationManager>().NavigateTo("/t/south");

        gate.WaitForAssertion(() => Assert.Contains("There is nothing here", gate.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("north", gate.Markup, StringComparison.Ordinal);
    }

    private IRenderedComponent<TenantGate> Open(TestDatabase database, Guid userId, string address)
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        var person = this.AddAuthorization();
        person.SetAuthorized("somebody");
        person.SetClaims(
            new Claim(ClaimTypes.NameIdentifier, userId.ToString()),
            new Claim(PortalPrincipal.FromClaim, "192.0.2.7")
        );
        Services.AddSingleton<TimeProvider>(database.Time);
        Services.AddSingleton(new TenantDirectory(database.Db));
        Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        return Render<TenantGate>(gate =>
            gate.Add(
                component => component.ChildContent,
                builder =>
                {
                    builder.OpenComponent<Page>(0);
                    builder.CloseComponent();
                }
            )
        );
    }

    private sealed class Page : ComponentBase
    {
        [CascadingParameter]
        public TenantSession? Tenant { get; set; }

        protected override void BuildRenderTree(Microsoft.AspNetCore.Components.Rendering.RenderTreeBuilder builder)
        {
            // Outside of a tenant, where the one who left is led.
            if (Tenant is null)
            {
                return;
            }

            builder.OpenElement(0, "p");
            builder.AddAttribute(1, "class", "page");
            builder.AddContent(2, $"{Tenant.Name} {Tenant.Role} {Tenant.Caller.Actor.From}");
            builder.CloseElement();
        }
    }
}
