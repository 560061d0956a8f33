using AdminPortal.Components.Shared;

namespace UnitTests.Components;

public sealed class LatestReadTests
{
    [Fact]
    public void Read_IsTheLatest_UntilAnotherIsBegun()
    {
        var latest = new LatestRead();
        var older = latest.Begin();
        Assert.True(older());

        var newer = latest.Begin();

        Assert.Equal((false, true), (older(), newer()));
    }
}
