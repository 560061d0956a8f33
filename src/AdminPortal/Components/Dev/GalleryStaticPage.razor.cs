using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Dev;

public sealed partial class GalleryStaticPage
{
    private string? _answer;
    private string? _streamed;

    [Inject]
    public required IHostEnvironment Environment { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    [SupplyParameterFromForm]
    private GreetInput Input { get; set; } = null!;

    protected override async Task OnInitializedAsync()
    {
        Input ??= new GreetInput();
        // Long enough for the first part of the answer to be on its way without the second.
        await Task.Delay(TimeSpan.FromMilliseconds(300), Time);
        _streamed = "The stream arrived.";
    }

    private void Greet() => _answer = $"Hello, {Input.Name}.";

    private sealed class GreetInput
    {
        public string Name { get; set; } = "";
    }
}
