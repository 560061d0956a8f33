namespace AdminPortal.Components.Shared;

/// <summary>What is asked before a program's key is revoked, and said after: the same for a tenant's and for an operator's.</summary>
internal static class KeyRevocation
{
    public static Confirmation Question(string name, string ending) =>
        new(
            $"Revoke “{name}”?",
            [
                $"Whatever uses the key that ends with {ending} stops working at once: each of its requests is refused.",
                "What it did before stays. A revoked key cannot be brought back; make a new one instead.",
            ],
            "Revoke the key",
            Danger: true
        );

    /// <param name="revoked">False when somebody else had done so before.</param>
    public static void Say(Toasts toasts, string name, bool revoked)
    {
        if (revoked)
        {
            toasts.Done($"“{name}” was revoked.", "Its requests are refused from now on.");
        }
        else
        {
            toasts.Note("This key was revoked meanwhile.");
        }
    }
}
