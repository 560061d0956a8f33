using AdminPortal.Components.Shared;
using AdminPortal.Features.Campaigns.Compose;
using Bunit;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.JSInterop;
using UnitTests.Support;

namespace UnitTests.Campaigns;

public sealed class ComposePageTests
{
    private const string Good = "<p>Hi</p><a href=\"{{unsubscribe_url}}\">Leave</a>";

    [Fact]
    public async Task Typing_IsSaved_AndAFaultIsSaidAtItsFieldWhileTheTextStays()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = await ShowAsync(context, tenant, id);

        await page.InvokeAsync(() => page.Find("[data-draft=html]").Change("<p>Hi {{frist_name}}</p>"));

        page.WaitForAssertion(() =>
            Assert.Contains(
                "There is no field \u201c{{frist_name}}\u201d.",
                page.Find("#compose-html ~ .lp-error").TextContent
            )
        );
        Assert.Equal("true", page.Find("#compose-html").GetAttribute("aria-invalid"));
        Assert.Equal("<p>Hi {{frist_name}}</p>", (await ReadAsync(database, tenant)).Html);
        Assert.Contains("Saved", page.Find(".save-status").TextContent);
    }

    [Fact]
    public async Task PlainText_TypedAndEmptied_IsSavedAndShown_ThenMadeFromTheContentAgain()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = context.Show<ComposePage>(tenant, id, "/edit?view=text");
        page.WaitForElement("[data-draft=html]").Change(Good);

        await page.InvokeAsync(() => page.Find("[data-draft=text]").Change("Hello {{frist_name}}"));
        page.WaitForAssertion(() =>
            Assert.Contains("{{frist_name}}", page.Find("#compose-text ~ .lp-error").TextContent)
        );
        await page.InvokeAsync(() => page.Find("[data-draft=text]").Change("Hello {{first_name}}"));
        Shows("Hello Alex");
        Assert.Equal("Hello {{first_name}}", (await ReadAsync(database, tenant)).Text);

        await page.InvokeAsync(() => page.Find("[data-draft=text]").Change(""));
        Shows("Hi");
        Assert.Null((await ReadAsync(database, tenant)).Text);

        void Shows(string start) =>
            page.WaitForAssertion(() =>
            {
                Assert.StartsWith(start, page.Find(".preview-text").TextContent, StringComparison.Ordinal);
                Assert.StartsWith("Saved", page.Find(".save-status").TextContent.Trim(), StringComparison.Ordinal);
            });
    }

    [Fact]
    public async Task NameThatCannotBeKept_IsSaidAtItsField_AndSavedOnceMended()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = await ShowAsync(context, tenant, id);

        // Found and changed in one go: a save may draw the page anew at any moment.
        await page.InvokeAsync(() => page.Find("[data-draft=name]").Change(" "));
        page.WaitForAssertion(() =>
            Assert.Contains("needs a name", page.Find("[data-draft=name] ~ .lp-error").TextContent)
        );
        await page.InvokeAsync(() => page.Find("[data-draft=subject]").Change("Hello"));
        await page.InvokeAsync(() => page.Find("[data-draft=name]").Change("Summer"));

        page.WaitForAssertion(() => Assert.Contains("Saved", page.Find(".save-status").TextContent));
        var saved = await ReadAsync(database, tenant);
        Assert.Equal(("Summer", "Hello"), (saved.Name, saved.Subject));
    }

    [Fact]
    public async Task SaveAfterSomebodyElse_ShowsBothTexts_AndKeepsMineOnlyWhenChosen()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = await ShowAsync(context, tenant, id);
        var content = DraftContent.Of(await ReadAsync(database, tenant));
        await new SaveDraft(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Owner),
            id,
            1,
            content with
            {
                Subject = "Theirs",
            },
            CancellationToken.None
        );

        await page.InvokeAsync(() => page.Find("[data-draft=subject]").Change("Mine"));

        page.WaitForAssertion(() =>
            Assert.Equal(["Theirs", "Mine"], page.FindAll(".conflict-field pre").Select(text => text.TextContent))
        );
        Assert.Equal("Theirs", (await ReadAsync(database, tenant)).Subject);
        page.FindAll("button").First(button => button.TextContent == "Save mine over it").Click();
        page.WaitForAssertion(() => Assert.StartsWith("Saved", page.Find(".save-status").TextContent.Trim()));
        Assert.Empty(page.FindAll(".conflict-field"));
        Assert.Equal("Mine", (await ReadAsync(database, tenant)).Subject);
    }

    [Fact]
    public async Task Conflict_TakeTheirs_PutsTheirTextIntoTheField()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = await ShowAsync(context, tenant, id);
        var content = DraftContent.Of(await ReadAsync(database, tenant));
        await new SaveDraft(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Owner),
            id,
            1,
            content with
            {
                Subject = "Theirs",
            },
            CancellationToken.None
        );
        await page.InvokeAsync(() => page.Find("[data-draft=subject]").Change("Mine"));
        page.WaitForElement(".conflict-field");

        page.FindAll("button").First(b => b.TextContent == "Take what Owner of north saved").Click();

        page.WaitForAssertion(() => Assert.Equal("Theirs", page.Find("[data-draft=subject]").GetAttribute("value")));
        Assert.Empty(page.FindAll(".conflict-field"));
    }

    [Theory]
    [InlineData(TenantRole.Editor, false)]
    [InlineData(TenantRole.Admin, true)]
    public async Task ReadyDraft_CanBeLaunchedAndTestedByAdminsOnly(TenantRole role, bool may)
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, role);
        var page = await ShowAsync(context, tenant, id);

        var buttons = page.FindAll("button").Select(button => button.TextContent.Trim()).ToList();

        Assert.Equal(may, buttons.Contains("Launch ..."));
        Assert.Equal(may, buttons.Contains("Send test mail"));
        Assert.Equal(!may, page.Markup.Contains("An admin launches it.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Launch_Confirmed_FreezesTheAudienceAndLeadsToTheCampaign()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddContactsAsync(tenant, 3);
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Admin);
        var page = await ShowAsync(context, tenant, id);
        await page.InvokeAsync(() => page.Find("[data-draft=subject]").Change("Hello"));
        await page.InvokeAsync(() => page.Find("[data-draft=html]").Change(Good));
        page.WaitForAssertion(() => Assert.False(Launch(page).HasAttribute("disabled")));

        Launch(page).Click();
        context.Dialog.WaitForAssertion(() => Assert.Contains("Launch to 3 people", context.Dialog.Markup));
        context.Dialog.FindAll("button").First(b => b.TextContent == "Launch to 3 people").Click();

        var address = context.Services.GetRequiredService<NavigationManager>();
        page.WaitForAssertion(() => Assert.EndsWith($"/t/north/campaigns/{id}", address.Uri));
        Assert.Equal(CampaignStatus.Sending, (await ReadAsync(database, tenant)).Status);
        await using var db = database.Db.Read(tenant.Scope);
        Assert.Equal(3, await db.Recipients.CountAsync());
    }

    [Fact]
    public async Task Viewer_IsLedToTheCampaignThatHeMayRead()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Viewer);

        var page = context.Show<ComposePage>(tenant, id, "/edit");

        var address = context.Services.GetRequiredService<NavigationManager>();
        page.WaitForAssertion(() => Assert.EndsWith($"/t/north/campaigns/{id}", address.Uri));
    }

    [Fact]
    public async Task AnotherDraft_InTheAddress_IsShownSavedAndDeletedInsteadOfTheOneBefore()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var spring = await DraftTests.CreateAsync(database, tenant, "Spring");
        var summer = await DraftTests.CreateAsync(database, tenant, "Summer");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = context.Show<EditCampaignPage>(tenant, spring);
        page.WaitForAssertion(() => Assert.Equal("Spring", Field(page, "name").GetAttribute("value")));

        page.Render(parameters => parameters.Add(one => one.Id, summer));

        page.WaitForAssertion(() => Assert.Equal("Summer", Field(page, "name").GetAttribute("value")));
        await page.InvokeAsync(() => Field(page, "subject").ChangeAsync("Sunshine"));
        Assert.Equal([("Spring", ""), ("Summer", "Sunshine")], await DraftsAsync());
        page.FindAll("button").First(button => button.TextContent == "Delete the draft").Click();
        context.Dialog.WaitForAssertion(() => Assert.Contains("the draft \u201cSummer\u201d", context.Dialog.Markup));
        context.Dialog.FindAll("button").First(button => button.TextContent == "Delete the draft").Click();
        page.WaitForAssertion(() => Assert.Equal(["The draft was deleted."], context.Toasts));
        Assert.Equal([("Spring", "")], await DraftsAsync());

        async Task<List<(string, string)>> DraftsAsync()
        {
            await using var db = database.Db.Read(tenant.Scope);
            var drafts = await db.Campaigns.OrderBy(row => row.Name).ToListAsync();
            return [.. drafts.Select(row => (row.Name, row.Subject))];
        }
    }

    [Fact]
    public async Task Page_LeftWhileASaveWaits_LeavesBrowserAndNextPageAlone()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var script = new ComposeScript(context);
        script.Arrive();
        var visit = context.Render<Visit>(parameters => parameters.Add(one => one.Draft, id));
        await script.WasRead.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(["attach", "read"], script.Calls);

        // A save waits for whoever writes the draft, and nobody's thread waits with it: the page's least of all.
        var (writes, may) = (Waiting(), Waiting());
        var other = database.Db.WriteAsync(
            tenant.Scope,
            async (db, token) =>
            {
                await db.Campaigns.ExecuteUpdateAsync(set => set.SetProperty(row => row.Name, row => row.Name), token);
                writes.TrySetResult();
                await may.Task;
            },
            CancellationToken.None
        );
        await writes.Task;
        var typing = visit.InvokeAsync(() => visit.Find("[data-draft=subject]").ChangeAsync("Sunshine"));
        visit.Render(parameters => parameters.Add(one => one.Draft, null));
        may.SetResult();
        await other;
        await typing;

        Assert.Equal("The next page", visit.Find("p").TextContent);
        Assert.Equal(["attach", "read", "dispose"], script.Calls);
        Assert.Equal("Sunshine", (await ReadAsync(database, tenant)).Subject);
    }

    [Fact]
    public async Task Page_LeftBeforeItsScriptIsThere_LeavesTheNextPageAlone()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var script = new ComposeScript(context);
        var visit = context.Render<Visit>(parameters => parameters.Add(one => one.Draft, id));
        visit.WaitForElement("[data-draft=html]");

        visit.Render(parameters => parameters.Add(one => one.Draft, null));
        script.Arrive();
        await script.IsDone;

        Assert.Empty(script.Calls);
        Assert.Equal("The next page", visit.Find("p").TextContent);
    }

    private static TaskCompletionSource Waiting() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static AngleSharp.Dom.IElement Field<T>(IRenderedComponent<T> page, string name)
        where T : IComponent => page.Find($"[data-draft={name}]");

    private static AngleSharp.Dom.IElement Launch(IRenderedComponent<ComposePage> page) =>
        page.FindAll("button").First(button => button.TextContent == "Launch ...");

    private static Task<IRenderedComponent<ComposePage>> ShowAsync(
        CampaignPagesContext context,
        TestTenant tenant,
        Guid id
    )
    {
        var page = context.Show<ComposePage>(tenant, id, "/edit");
        page.WaitForElement("[data-draft=html]");
        return Task.FromResult(page);
    }

    private static async Task<Campaign> ReadAsync(TestDatabase database, TestTenant tenant)
    {
        await using var db = database.Db.Read(tenant.Scope);
        return await db.Campaigns.SingleAsync();
    }

    /// <summary>Somebody who writes, and then looks at something else.</summary>
    private sealed class Visit : ComponentBase
    {
        [Parameter]
        public Guid? Draft { get; set; }

        protected override void BuildRenderTree(RenderTreeBuilder builder)
        {
            builder.OpenComponent<PageErrorBoundary>(0);
            builder.AddComponentParameter(1, nameof(PageErrorBoundary.ChildContent), (RenderFragment)Page);
            builder.CloseComponent();
        }

        private void Page(RenderTreeBuilder builder)
        {
            if (Draft is { } id)
            {
                builder.OpenComponent<ComposePage>(0);
                builder.AddComponentParameter(1, nameof(ComposePage.Id), id);
                builder.CloseComponent();
            }
            else
            {
                builder.AddMarkupContent(2, "<p>The next page</p>");
            }
        }
    }

    /// <summary>The page's script, with what it was asked; here when it arrives.</summary>
    private sealed class ComposeScript : JSRuntimeInvocationHandlerBase<IJSObjectReference>, IJSObjectReference
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<string> _calls = [];

        public ComposeScript(BunitContext context)
            : base(call => call.Identifier == "import", isCatchAllHandler: false) =>
            context.JSInterop.AddInvocationHandler(this);

        public IReadOnlyList<string> Calls => _calls;

        /// <summary>The page has let go of it.</summary>
        public Task IsDone => _done.Task;

        /// <summary>It was attached, and asked for what the browser kept: no rendering follows that.</summary>
        public Task WasRead => _read.Task;

        public void Arrive() => SetResultBase(this);

        public ValueTask<TValue> InvokeAsync<TValue>(string identifier, object?[]? args)
        {
            _calls.Add(identifier);
            if (identifier == "read")
            {
                _read.TrySetResult();
            }

            return ValueTask.FromResult(identifier == "attach" ? (TValue)(object)this : default!);
        }

        public ValueTask<TValue> InvokeAsync<TValue>(
            string identifier,
            CancellationToken cancellationToken,
            object?[]? args
        ) => InvokeAsync<TValue>(identifier, args);

        public ValueTask DisposeAsync()
        {
            _done.TrySetResult();
            return ValueTask.CompletedTask;
        }
    }
}
