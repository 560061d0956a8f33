namespace AdminPortal.Features.Campaigns.Compose;

public sealed partial class ComposePage
{
    private Task LaunchAsync()
    {
        _busy = false;
        return Task.CompletedTask;
    }
}
