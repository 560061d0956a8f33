using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.DependencyInjection;

namespace Ledgerpost.Identity;

/// <summary>
/// Encrypts the secrets of the data-protection keys before they are stored, under a key that is derived from the audit log's and
/// so is not in the database: a copy of the database opens nothing (docs/decisions/0018).
/// </summary>
public sealed class KeyRingSeal(AuditKeys keys) : IXmlEncryptor
{
    /// <summary>Of the derived key, and of what is encrypted under it.</summary>
    private const string Purpose = "Ledgerpost.DataProtection.KeyRing.v1";

    private const string Sealed = "sealed";
    private const string KeyId = "key";
    private const string Origin = "origin";

    // What ASP.NET Core's key manager writes and looks for.
    private static readonly XNamespace Schema = "http://schemas.asp.net/2015/03/dataProtection";
    private static readonly XName NeedsIt = Schema + "requiresEncryption";
    private static readonly XName Encrypted = Schema + "encryptedSecret";

    public EncryptedXmlInfo Encrypt(XElement plaintextElement) => new(Close(plaintextElement), typeof(KeyRingOpener));

    /// <exception cref="CryptographicException">The key is not here, or what is encrypted was changed.</exception>
    public XElement Open(XElement closed)
    {
        if (keys.Derive((string?)closed.Attribute(KeyId) ?? "", Purpose) is not { } key)
        {
            throw new CryptographicException("The audit key under which this was encrypted is not here.");
        }

        try
        {
            var all = Convert.FromBase64String(closed.Value);
            var (nonce, tag) = (AesGcm.NonceByteSizes.MaxSize, AesGcm.TagByteSizes.MaxSize);
            var plain = new byte[Math.Max(0, all.Length - nonce - tag)];
            using var cipher = new AesGcm(key, tag);
            cipher.Decrypt(
                all.AsSpan(0, nonce),
                all.AsSpan(nonce + tag),
                all.AsSpan(nonce, tag),
                plain,
                Encoding.UTF8.GetBytes(Purpose)
            );
            return XElement.Parse(Encoding.UTF8.GetString(plain));
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or XmlException)
        {
            throw new CryptographicException("What was encrypted is damaged.", exception);
        }
    }

    /// <summary>The same key with its secrets under the audit key of now.</summary>
    /// <returns>Null when they are already.</returns>
    /// <exception cref="CryptographicException">One of them cannot be opened, or the key cannot be read.</exception>
    internal string? Renewed(string xml)
    {
        try
        {
            return Renewed(XElement.Parse(xml));
        }
        // Not of the form that the key manager writes: no XML, no secret where one is said to be, no truth value.
        catch (Exception exception) when (exception is XmlException or FormatException or InvalidOperationException)
        {
            throw new CryptographicException("The key is damaged.", exception);
        }
    }

    private string? Renewed(XElement stored)
    {
        var changed = false;
        foreach (var secret in stored.Descendants(Encrypted).ToList())
        {
            var closed = secret.Elements().Single();
            var plain = Open(closed);
            if ((string?)closed.Attribute(KeyId) != keys.CurrentId)
            {
                changed = true;
                closed.ReplaceWith(Close(plain));
            }
        }

        // From before keys were encrypted; written as the key manager writes them.
        foreach (var open in stored.Descendants().Where(element => (bool?)element.Attribute(NeedsIt) == true).ToList())
        {
            changed = true;
            open.ReplaceWith(
                new XElement(
                    Encrypted,
                    new XAttribute("decryptorType", typeof(KeyRingOpener).AssemblyQualifiedName!),
                    Close(open)
                )
            );
        }

        return changed ? stored.ToString(SaveOptions.DisableFormatting) : null;
    }

    /// <returns>Whether one of the ring has to be written anew: it is not encrypted yet, or under a former audit key.</returns>
    /// <exception cref="DatabaseUnsafeException">A key of the ring cannot be opened here; it says what is missing and where it was.</exception>
    public bool Demand(IEnumerable<string> ring)
    {
        var stale = false;
        foreach (var xml in ring)
        {
            if (keys.IsNew)
            {
                // Whatever is in the ring: this database had an audit key before this one was made.
                throw new DatabaseUnsafeException(Missing(xml));
            }

            try
            {
                stale |= Renewed(xml) is not null;
            }
            catch (CryptographicException)
            {
                throw new DatabaseUnsafeException(Missing(xml));
            }
        }

        return stale;
    }

    private XElement Close(XElement plain)
    {
        var text = Encoding.UTF8.GetBytes(plain.ToString(SaveOptions.DisableFormatting));
        var (nonce, tag) = (AesGcm.NonceByteSizes.MaxSize, AesGcm.TagByteSizes.MaxSize);
        var all = new byte[nonce + tag + text.Length];
        RandomNumberGenerator.Fill(all.AsSpan(0, nonce));
        using var cipher = new AesGcm(keys.Derive(keys.CurrentId, Purpose)!, tag);
        cipher.Encrypt(
            all.AsSpan(0, nonce),
            text,
            all.AsSpan(nonce + tag),
            all.AsSpan(nonce, tag),
            Encoding.UTF8.GetBytes(Purpose)
        );
        return new XElement(
            Sealed,
            new XAttribute(KeyId, keys.CurrentId),
            new XAttribute(Origin, keys.Origin),
            Convert.ToBase64String(all)
        );
    }

    private string Missing(string xml)
    {
        var needed = Parsed(xml)
            ?.Descendants(Sealed)
            .FirstOrDefault(closed => !keys.Ids.Contains((string?)closed.Attribute(KeyId), StringComparer.Ordinal));
        var here = keys.IsNew
            ? $"{keys.Origin} is not there."
            : $"Here is {string.Join(", ", keys.Ids)}, from {keys.Origin}.";
        if (needed is not null)
        {
            return "The secrets in this database (provider keys, webhook secrets, authenticators, sign-ins) are encrypted under an audit key "
                + $"that is not here: {(string?)needed.Attribute(KeyId)}, which came from {(string?)needed.Attribute(Origin)}. {here} "
                + "Put that file back, or set Audit:Key to what was in it; Audit:Key takes several, separated by commas. "
                + "If it is lost for good, docs/operations.md says under “The audit key” what is lost with it and how to go on.";
        }

        return keys.IsNew
            ? $"This database had an audit key, and {here} Put that file back, or set Audit:Key to what was in it."
            : $"A key of this database that encrypts its secrets is damaged: it cannot be read, or not be opened with the audit key that it is under and that is here. {here} Restore a backup.";
    }

    private static XElement? Parsed(string xml)
    {
        try
        {
            return XElement.Parse(xml);
        }
        catch (XmlException)
        {
            return null;
        }
    }
}

/// <summary>What stored keys name as the type that opens them: its name stays as it is.</summary>
public sealed class KeyRingOpener(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) =>
        services.GetRequiredService<KeyRingSeal>().Open(encryptedElement);
}
