namespace ResendEmulator.Storage;

/// <summary>
/// The tables. A mail keeps no body of its own: it points at the call that brought it and its place in there,
/// so a batch of a hundred nearly equal mails is stored once, compressed. Instants are microseconds since 1970.
/// </summary>
internal static class Schema
{
    public const string Create = """
        CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS calls(
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, method TEXT NOT NULL,
            path TEXT NOT NULL, api_key TEXT, user_agent TEXT, idempotency_key TEXT, body_hash TEXT,
            count INTEGER NOT NULL, status INTEGER, wire_status INTEGER, replayed INTEGER NOT NULL, fault TEXT,
            request BLOB, response BLOB);
        CREATE TABLE IF NOT EXISTS mails(
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, call_seq INTEGER NOT NULL,
            position INTEGER NOT NULL, at INTEGER NOT NULL, scheduled_at INTEGER, sender TEXT NOT NULL,
            recipients TEXT NOT NULL, subject TEXT NOT NULL, tags TEXT, headers TEXT, campaign TEXT NOT NULL);
        CREATE INDEX IF NOT EXISTS mails_campaign ON mails(campaign, seq);
        CREATE TABLE IF NOT EXISTS recipients(
            address TEXT NOT NULL, campaign TEXT NOT NULL, mail_seq INTEGER NOT NULL,
            PRIMARY KEY(address, campaign, mail_seq)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS keys(
            scope TEXT PRIMARY KEY, body_hash TEXT NOT NULL, status INTEGER NOT NULL, response BLOB NOT NULL,
            at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS events(
            seq INTEGER PRIMARY KEY AUTOINCREMENT, svix_id TEXT NOT NULL UNIQUE, mail_seq INTEGER NOT NULL,
            type TEXT NOT NULL, at INTEGER NOT NULL, due INTEGER, attempts INTEGER NOT NULL DEFAULT 0,
            last_answer TEXT, delivered_at INTEGER, extra TEXT);
        CREATE INDEX IF NOT EXISTS events_due ON events(due) WHERE due IS NOT NULL;
        CREATE INDEX IF NOT EXISTS events_mail ON events(mail_seq);
        CREATE TABLE IF NOT EXISTS domains(
            id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, region TEXT NOT NULL, at INTEGER NOT NULL,
            status TEXT NOT NULL, settles_at INTEGER, settles_as TEXT, open_tracking INTEGER NOT NULL DEFAULT 0,
            click_tracking INTEGER NOT NULL DEFAULT 0, return_path TEXT NOT NULL DEFAULT 'send') WITHOUT ROWID;
        """;

    public static readonly string[] Tables = ["calls", "mails", "recipients", "keys", "events", "domains", "meta"];
}
