using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NJsonSchema.CodeGeneration.CSharp;
using NSwag;
using NSwag.CodeGeneration.CSharp;
using NSwag.CodeGeneration.OperationNameGenerators;

namespace UnitTests.Api.GeneratedClient;

/// <summary>
/// A client is generated from the document by a generator that is not ours, compiled with a program that uses it, and run against
/// the portal.
/// </summary>
public sealed class GeneratedClientTests
{
    [Theory]
    [InlineData(CSharpJsonLibrary.NewtonsoftJson)]
    [InlineData(CSharpJsonLibrary.SystemTextJson)]
    public async Task Client_ThatIsGenerated_DoesWhatAProgramNeeds(CSharpJsonLibrary serializer)
    {
        await using var api = await ApiHost.StartAsync();
        var sender = await api.AddSenderAsync();
        using var browser = api.Host.Browser();
        var client = await GenerateAsync(await browser.GetStringAsync("/openapi/v1.json"), serializer);
        using var http = api.Client(await api.KeyAsync(api.North));

        var compiled = Compile(client, await ProgramAsync(), serializer);
        var run = compiled.GetType("Programs.Program", throwOnError: true)!.GetMethod("RunAsync")!;
        await (Task)run.Invoke(null, [api.Host.Address, http, sender])!;
    }

    private static async Task<string> GenerateAsync(string document, CSharpJsonLibrary serializer) =>
        new CSharpClientGenerator(
            await OpenApiDocument.FromJsonAsync(document),
            new CSharpClientGeneratorSettings
            {
                ClassName = "LedgerpostClient",
                GenerateOptionalParameters = true,
                OperationNameGenerator = new SingleClientFromOperationIdOperationNameGenerator(),
                CSharpGeneratorSettings =
                {
                    Namespace = "Generated",
                    JsonLibrary = serializer,
                    GenerateNullableReferenceTypes = true,
                },
            }
        ).GenerateFile();

    private static async Task<string> ProgramAsync()
    {
        await using var source = typeof(GeneratedClientTests).Assembly.GetManifestResourceStream(
            "GeneratedClientProgram"
        )!;
        using var reader = new StreamReader(source);
        return await reader.ReadToEndAsync();
    }

    private static Assembly Compile(string client, string program, CSharpJsonLibrary serializer)
    {
        // As in any new project.
        const string Usual =
            "global using System; global using System.Collections.Generic; global using System.Linq;"
            + "global using System.Threading; global using System.Threading.Tasks;";
        // As docs/api.md says: what a program does not name is not sent as null.
        const string NoNulls = """
            namespace Generated;
            public partial class LedgerpostClient
            {
                static partial void UpdateJsonSerializerSettings(System.Text.Json.JsonSerializerOptions settings) =>
                    settings.DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull;
            }
            """;
        string[] sources =
            serializer == CSharpJsonLibrary.SystemTextJson
                ? [Usual, client, program, NoNulls]
                : [Usual, client, program];
        var compilation = CSharpCompilation.Create(
            "GeneratedClient",
            [.. sources.Select(source => CSharpSyntaxTree.ParseText(source))],
            [
                .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
                    .Split(Path.PathSeparator)
                    .Select(path => MetadataReference.CreateFromFile(path)),
            ],
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable
            )
        );
        using var compiled = new MemoryStream();
        var emitted = compilation.Emit(compiled);
        Assert.Empty(emitted.Diagnostics.Where(found => found.Severity >= DiagnosticSeverity.Warning));
        return Assembly.Load(compiled.ToArray());
    }
}
