using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using QRCoder;

namespace AdminPortal.Features.You;

/// <summary>A QR code as one path on white: cameras want it light, also where the page is dark.</summary>
public sealed class QrCode : ComponentBase
{
    private string _path = "";
    private int _size;

    [Parameter, EditorRequired]
    public required string Text { get; set; }

    /// <summary>What it is, for those who do not see it.</summary>
    [Parameter, EditorRequired]
    public required string Name { get; set; }

    protected override void OnParametersSet()
    {
        using var data = QRCodeGenerator.GenerateQrCode(Text, QRCodeGenerator.ECCLevel.M);
        var path = new StringBuilder();
        _size = data.ModuleMatrix.Count;
        for (var y = 0; y < _size; y++)
        {
            for (var x = 0; x < _size; x++)
            {
                if (data.ModuleMatrix[y][x])
                {
                    path.Append(CultureInfo.InvariantCulture, $"M{x} {y}h1v1h-1z");
                }
            }
        }

        _path = path.ToString();
    }

    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        builder.OpenElement(0, "svg");
        builder.AddAttribute(1, "viewBox", FormattableString.Invariant($"0 0 {_size} {_size}"));
        builder.AddAttribute(2, "width", "200");
        builder.AddAttribute(3, "height", "200");
        builder.AddAttribute(4, "role", "img");
        builder.AddAttribute(5, "aria-label", Name);
        builder.AddAttribute(6, "shape-rendering", "crispEdges");
        builder.OpenElement(7, "rect");
        builder.AddAttribute(8, "width", "100%");
        builder.AddAttribute(9, "height", "100%");
        builder.AddAttribute(10, "fill", "#fff");
        builder.CloseElement();
        builder.OpenElement(11, "path");
        builder.AddAttribute(12, "d", _path);
        builder.AddAttribute(13, "fill", "#000");
        builder.CloseElement();
        builder.CloseElement();
    }
}
