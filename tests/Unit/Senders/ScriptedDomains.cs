using Ledgerpost.Senders;

namespace UnitTests.Senders;

/// <summary>A provider that answers as it is told, and notes what it was asked.</summary>
internal sealed class ScriptedDomains : IDomainProvider
{
    public List<string> Calls { get; } = [];
    public Func<Task> BeforeAnswer { get; set; } = () => Task.CompletedTask;
    public DomainAnswer Create { get; set; } = Known("id-1", DomainStatus.NotStarted);
    public DomainAnswer Get { get; set; } = Known("id-1", DomainStatus.Verified);
    public DomainAnswer Find { get; set; } = new DomainAnswer.NotFound();
    public DomainAnswer Verify { get; set; } = new DomainAnswer.Done();
    public DomainAnswer Delete { get; set; } = new DomainAnswer.Done();

    public static DomainAnswer Known(string id, DomainStatus status) =>
        new DomainAnswer.Known(
            new ProviderDomain(
                id,
                "mail.example.com",
                status,
                [new DnsRecord("DKIM", "TXT", "resend._domainkey", "p=abc", "Auto", null, "pending")]
            )
        );

    public Task<DomainAnswer> CreateAsync(Guid? own, string name, string region, CancellationToken cancellation) =>
        AnswerAsync(own, $"create {name} {region}", Create);

    public Task<DomainAnswer> GetAsync(Guid? own, string id, CancellationToken cancellation) =>
        AnswerAsync(own, $"get {id}", Get);

    public Task<DomainAnswer> FindAsync(Guid? own, string name, CancellationToken cancellation) =>
        AnswerAsync(own, $"find {name}", Find);

    public Task<DomainAnswer> VerifyAsync(Guid? own, string id, CancellationToken cancellation) =>
        AnswerAsync(own, $"verify {id}", Verify);

    public Task<DomainAnswer> DeleteAsync(string id, CancellationToken cancellation) =>
        AnswerAsync(null, $"delete {id}", Delete);

    private async Task<DomainAnswer> AnswerAsync(Guid? own, string call, DomainAnswer answer)
    {
        Calls.Add(own is null ? call : $"{call} at {own}");
        await BeforeAnswer();
        return answer;
    }
}
