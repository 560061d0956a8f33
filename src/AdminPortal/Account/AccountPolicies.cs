namespace AdminPortal.Account;

/// <summary>Names for what a page may demand before it is shown; commands ask the database besides.</summary>
public static class AccountPolicies
{
    public const string Operator = "operator";
}
