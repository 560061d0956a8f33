using Ledgerpost.Deletion;

namespace AdminPortal.Components.Shared;

/// <summary>What is said before something is deleted: what goes, what stays and why (docs/security.md, "What deleting does").</summary>
public static class DeletionQuestions
{
    private const string ContactsStay =
        "Campaigns keep their record of whom they mailed, with the address, so that nobody is mailed twice. An unsubscribed address stays unsubscribed, and the audit log stays.";

    private const string DraftGoes = "Its text is gone for good. It was never launched, so nobody was mailed.";

    public static Confirmation Contact(string email) =>
        new(
            $"Delete {email}?",
            [
                "The contact is gone for good, with its tags, its fields and its places in segments. A campaign that has still to mail it leaves it out.",
                ContactsStay,
            ],
            "Delete contact",
            Danger: true
        );

    /// <param name="count">More than a hundred want a word typed.</param>
    public static Confirmation Contacts(int count)
    {
        var what = Words.Count(count, "contact", "contacts");
        return new Confirmation(
            $"Delete {what}?",
            [
                "They are gone for good, with their tags, their fields and their places in segments. A campaign that has still to mail them leaves them out.",
                ContactsStay,
            ],
            $"Delete {what}",
            Danger: true,
            Type: count > 100 ? "delete" : null
        );
    }

    public static Confirmation Segment(string name) =>
        new(
            $"Delete the segment “{name}”?",
            [
                "Its tags, or its list of contacts, are gone for good. The contacts and their own tags stay, and campaigns that were launched to it are not touched.",
            ],
            "Delete segment",
            Danger: true
        );

    public static Confirmation Template(string name) =>
        new(
            $"Delete the template “{name}”?",
            ["It is gone for good. Campaigns that began with it keep their copy."],
            "Delete template",
            Danger: true
        );

    /// <param name="continues">The campaign that it follows up, by name; null where it is not known whether there is one.</param>
    public static Confirmation Draft(string name, string? continues) =>
        new(
            $"Delete the draft “{name}”?",
            [
                DraftGoes,
                continues is null
                    ? "If it continues another campaign, whoever it goes to waits there again."
                    : $"Whoever it goes to waits in “{continues}” again, which can be resumed or continued anew.",
            ],
            "Delete the draft",
            Danger: true
        );

    public static Confirmation Member(string name, string tenant) =>
        new(
            $"Remove {name} from {tenant}?",
            [
                "They can no longer see or change anything here, from now on. Their account, and what they did, stay; so do API keys and links that they were shown: revoke what they should not keep.",
            ],
            "Remove",
            Danger: true
        );

    public static Confirmation Leaving(string tenant) =>
        new(
            $"Leave {tenant}?",
            ["You can no longer see or change anything here. Your account, and what you did, stay."],
            "Leave",
            Danger: true
        );

    public static Confirmation Person(PersonHoldings found) =>
        new(
            "Erase this person for good?",
            [
                $"{(found.IsContact ? "The contact with its names, fields and tags goes" : "There is no contact any more")}; {Words.Count(found.Mails, "mail loses", "mails lose")} name and address, and those that a program sent to the person alone their text too; {Words.Count(found.Entries, "entry", "entries")} of the audit log {(found.Entries == 1 ? "loses its" : "lose their")} names and details.",
                "Rows of ledgers and of the log stay, so that counts hold and the log can be verified. A keyed hash stays too, so that no resume, follow-up or import writes to the person again: the address is not taken in any more.",
                "Backups keep what they have, and the mail provider what was sent through it.",
            ],
            "Erase for good",
            Danger: true,
            Type: found.Address
        );
}
