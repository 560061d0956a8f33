using System.Security.Cryptography;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using Microsoft.JSInterop;

namespace AdminPortal.Components.Dev;

public sealed partial class GalleryScriptPage
{
    private static readonly string[] Fruits = ["Apple", "Pear", "Quince"];
    private int _clicks;
    private string _name = "";
    private string? _module;
    private string? _fruit;
    private string? _uploaded;

    [Inject]
    public required IJSRuntime Script { get; init; }

    [SupplyParameterFromQuery(Name = "step")]
    public int? Step { get; set; }

    private static void Fail() => throw new InvalidOperationException("Failed on purpose, from the gallery.");

    private async Task AskModuleAsync()
    {
        await using var module = await Script.InvokeAsync<IJSObjectReference>("import", "./js/gallery.js");
        _module = await module.InvokeAsync<string>("answer", 6, 7);
    }

    private async Task UploadAsync(InputFileChangeEventArgs change)
    {
        using var content = new MemoryStream();
        await using var upload = change.File.OpenReadStream(maxAllowedSize: 1_000_000);
        await upload.CopyToAsync(content);
        var hash = Convert.ToHexStringLower(SHA256.HashData(content.ToArray()));
        _uploaded = $"{change.File.Name}: {content.Length} bytes, {hash}";
    }
}
