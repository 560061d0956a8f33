namespace Ledgerpost.Campaigns;

/// <summary>A template cannot be used, or not for this person; the message is a sentence for whoever wrote it.</summary>
/// <param name="line">Where, counted from 1; null when it is not one place.</param>
/// <param name="inSubject">True when the fault stands in the subject, false when in the content.</param>
/// <param name="inText">True when it stands in the plain text that the author wrote.</param>
public sealed class TemplateException(
    string message,
    int? line = null,
    bool inSubject = false,
    Exception? innerException = null,
    bool inText = false
) : Exception(message, innerException)
{
    public int? Line => line;
    public bool InSubject => inSubject;
    public bool InText => inText;
}
