-- Keys, each wrapped by a master key that is never in the database.

CREATE TABLE content_key (
    -- 16 random bytes as 32 hexadecimal digits: CENC's KID.
    kid TEXT NOT NULL PRIMARY KEY,
    -- Whose content it opens; a permit has one key.
    permit TEXT NOT NULL UNIQUE,
    -- Which master key wraps it.
    master TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    made_ms INTEGER NOT NULL,
    revoked_ms INTEGER
) STRICT;

-- What a change of master keys still has to do.
CREATE INDEX content_key_master ON content_key (master);

CREATE TABLE signing_key (
    -- The first 8 bytes of the public key's SHA-256 as 16 hexadecimal digits.
    id TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('tag', 'release')),
    state TEXT NOT NULL CHECK (state IN ('standby', 'signing', 'retired', 'revoked')),
    public BLOB NOT NULL,
    master TEXT NOT NULL,
    -- The private key while it is live; afterwards the public one, so that nobody who only writes
    -- to the database can add a key that is believed.
    wrapped BLOB NOT NULL,
    made_ms INTEGER NOT NULL,
    ended_ms INTEGER
) STRICT;

-- One that signs and one that waits, for each purpose.
CREATE UNIQUE INDEX signing_key_live ON signing_key (purpose, state)
    WHERE state IN ('standby', 'signing');
