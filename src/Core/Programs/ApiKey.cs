using System.Security.Cryptography;
using System.Text;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Programs;

/// <summary>What a program shows to act in one tenant. The token is shown once; only its hash is kept.</summary>
public sealed class ApiKey : ITenantOwned
{
    public const int MaxNameLength = 100;

    public required Guid TenantId { get; init; }
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required string TokenHash { get; init; }

    /// <summary>The token's last characters, to tell one key from another.</summary>
    public required string Ending { get; init; }

    public required ApiScopes Scopes { get; init; }
    public required string CreatedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>To the minute; null while it has never been shown.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }

    /// <summary>Kept after that, so that the log's entries still have a name to point to.</summary>
    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>What a program shows to act as an operator: tenants, and nothing of their content.</summary>
public sealed class OperatorKey
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required string TokenHash { get; init; }
    public required string Ending { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; set; }
    public DateTimeOffset? RevokedAt { get; set; }

    public static OperatorKey Of(Guid id, string name, string token, DateTimeOffset now) =>
        new()
        {
            Id = id,
            Name = name,
            TokenHash = ApiToken.Hash(token),
            Ending = ApiToken.Ending(token),
            CreatedAt = now,
        };
}

/// <summary>The text of a key: <c>lp_</c> or <c>lp_op_</c>, and 256 random bits, so that a plain hash of it tells nothing.</summary>
public static class ApiToken
{
    public const string TenantPrefix = "lp_";
    public const string OperatorPrefix = "lp_op_";
    public const int EndingLength = 4;

    // Letters and digits alone: a double click selects the whole of it.
    private const string Letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public static string New(string prefix) => prefix + RandomNumberGenerator.GetString(Letters, 43);

    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    public static string Ending(string token) => token[^EndingLength..];
}

internal sealed class ApiKeyConfiguration : IEntityTypeConfiguration<ApiKey>
{
    public void Configure(EntityTypeBuilder<ApiKey> builder)
    {
        builder.HasKey(key => new { key.TenantId, key.Id });
        builder.Property(key => key.Name).HasMaxLength(ApiKey.MaxNameLength);
        builder.Property(key => key.TokenHash).HasMaxLength(64);
        builder.Property(key => key.Ending).HasMaxLength(ApiToken.EndingLength);
        builder.HasIndex(key => key.TokenHash).IsUnique();
        builder.HasOne<Tenant>().WithMany().HasForeignKey(key => key.TenantId);
    }
}

internal sealed class OperatorKeyConfiguration : IEntityTypeConfiguration<OperatorKey>
{
    public void Configure(EntityTypeBuilder<OperatorKey> builder)
    {
        builder.Property(key => key.Name).HasMaxLength(ApiKey.MaxNameLength);
        builder.Property(key => key.TokenHash).HasMaxLength(64);
        builder.Property(key => key.Ending).HasMaxLength(ApiToken.EndingLength);
        builder.HasIndex(key => key.TokenHash).IsUnique();
    }
}
