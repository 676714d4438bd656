-- Accounts, the secrets they show, the keys that sign their tokens, and what operators did.

CREATE TABLE account (
    -- acc_ and 26 characters.
    id TEXT NOT NULL PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('user', 'operator', 'organisation')),
    -- For whom it acts, where its role is organisation.
    organisation TEXT,
    name TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    suspended_ms INTEGER,
    CHECK ((role = 'organisation') = (organisation IS NOT NULL))
) STRICT;

CREATE TABLE account_key (
    -- key_ and 26 characters; no secret.
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    label TEXT NOT NULL,
    -- Of the secret: 256 random bits need no slow hash.
    sha256 BLOB NOT NULL UNIQUE,
    made_ms INTEGER NOT NULL,
    -- To the minute.
    used_ms INTEGER,
    revoked_ms INTEGER
) STRICT;

CREATE INDEX account_key_account ON account_key (account);

CREATE TABLE account_token_key (
    -- The first 8 bytes of the public key's SHA-256 as 16 hexadecimal digits.
    id TEXT NOT NULL PRIMARY KEY,
    public BLOB NOT NULL,
    -- The private key while it signs; then the public one, with the time it ends.
    wrapped BLOB NOT NULL,
    made_ms INTEGER NOT NULL,
    -- Null while it signs.
    ends_ms INTEGER
) STRICT;

CREATE UNIQUE INDEX account_token_key_signing ON account_token_key ((1)) WHERE ends_ms IS NULL;

CREATE TABLE admin_action (
    -- From 1 without a gap: one that is taken away is missed.
    seq INTEGER NOT NULL PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    -- An account, or console for who has the machine or its admin token.
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    -- From which address.
    origin TEXT NOT NULL
) STRICT;

CREATE INDEX admin_action_subject ON admin_action (subject, seq);
