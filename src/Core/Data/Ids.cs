namespace Ledgerpost;

/// <summary>Source of version-7 identifiers, injected so that a test can repeat a run exactly.</summary>
public interface IIds
{
    Guid New();
}

/// <summary>Version-7 GUIDs whose time part comes from the injected clock.</summary>
public sealed class Version7Ids(TimeProvider time) : IIds
{
#pragma warning disable RS0030 // The one place where identifiers are really made.
    public Guid New() => Guid.CreateVersion7(time.GetUtcNow());
#pragma warning restore RS0030
}
