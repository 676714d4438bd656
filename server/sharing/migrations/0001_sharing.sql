-- What was permitted, shared, bought and released. Times are Unix milliseconds.

-- One row an upload that was permitted: the upload is counted by this row's being there, once.
CREATE TABLE permit (
    permit_id       TEXT    PRIMARY KEY,
    account_id      TEXT    NOT NULL,
    -- The caller's own key for this upload: asked again with it, the same permit is answered.
    idempotency_key TEXT    NOT NULL,
    -- Digest of everything that was asked; the same key for something else is refused.
    request_digest  BLOB    NOT NULL,
    method          TEXT    NOT NULL CHECK (method IN ('tag', 'drm')),
    -- Digest of the audio's packets, and of the fingerprint's bytes.
    essence         BLOB    NOT NULL,
    fingerprint     BLOB    NOT NULL,
    -- Which rule of the rights decided, of which version.
    rule_id         TEXT    NOT NULL,
    rule_version    INTEGER NOT NULL,
    matched_ms      INTEGER NOT NULL,
    -- Confidence in hundredths: 612 says 10^-6.12.
    confidence      INTEGER NOT NULL,
    encoder         INTEGER NOT NULL,
    -- The content key's id in hex, for the DRM method.
    kid             TEXT UNIQUE,
    created_ms      INTEGER NOT NULL,
    -- When it was revoked, as after a recheck that found other audio; none if it holds.
    revoked_ms      INTEGER,
    UNIQUE (account_id, idempotency_key)
) STRICT;

-- The recordings in what was shared. A part is one piece of music; several recordings in one part
-- are the same piece, registered several times.
CREATE TABLE permit_recording (
    permit_id    TEXT    NOT NULL REFERENCES permit (permit_id),
    line         INTEGER NOT NULL,
    part         INTEGER NOT NULL,
    recording_id TEXT    NOT NULL,
    PRIMARY KEY (permit_id, line)
) STRICT;

CREATE INDEX permit_of_recording ON permit_recording (recording_id);
CREATE INDEX permit_by_time ON permit (created_ms);

-- One row an account and permit: bought once, released as often as asked.
CREATE TABLE purchase (
    purchase_id TEXT    PRIMARY KEY,
    account_id  TEXT    NOT NULL,
    permit_id   TEXT    NOT NULL REFERENCES permit (permit_id),
    -- In the ledger; none where nothing had to be paid.
    transfer_id TEXT,
    -- Hundredths of a yen, without tax.
    price       INTEGER NOT NULL CHECK (price >= 0),
    -- How much of it is held because several claim it, or nobody is known to.
    held        INTEGER NOT NULL CHECK (held >= 0),
    created_ms  INTEGER NOT NULL,
    UNIQUE (account_id, permit_id)
) STRICT;

CREATE INDEX purchase_of_permit ON purchase (permit_id);
CREATE INDEX purchase_by_time ON purchase (created_ms);

-- Who gets what of a purchase: one row a share. The lines of every report come from here.
CREATE TABLE purchase_share (
    purchase_id  TEXT    NOT NULL REFERENCES purchase (purchase_id),
    line         INTEGER NOT NULL,
    organisation TEXT    NOT NULL,
    -- None for the recording's own (neighbouring) right.
    work_id      TEXT,
    share_ppm    INTEGER NOT NULL,
    amount       INTEGER NOT NULL CHECK (amount >= 0),
    is_held      INTEGER NOT NULL CHECK (is_held IN (0, 1)),
    tariff_id    TEXT    NOT NULL,
    PRIMARY KEY (purchase_id, line)
) STRICT;

-- Fingerprints that matched nothing, kept for a while so that a recording that is registered later
-- is found among them. No account stands beside them.
CREATE TABLE unknown_fingerprint (
    digest     BLOB    PRIMARY KEY,
    wire       BLOB    NOT NULL,
    -- The first and the last day it was seen, and how often: days, so that a time names nobody.
    first_day  TEXT    NOT NULL,
    last_day   TEXT    NOT NULL,
    times      INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    -- Up to which change of the catalogue it was looked for.
    asked_seq  INTEGER NOT NULL
) STRICT;

CREATE INDEX unknown_by_expiry ON unknown_fingerprint (expires_ms);

-- What a buyer's player found: that the audio it received is not what the permit was given for.
CREATE TABLE recheck (
    account_id TEXT    NOT NULL,
    permit_id  TEXT    NOT NULL REFERENCES permit (permit_id),
    -- What the audio that was received is instead; none if it is nothing that is registered.
    found      TEXT,
    at_ms      INTEGER NOT NULL,
    PRIMARY KEY (account_id, permit_id)
) STRICT;

-- How often what was decided, a day (Japan's): the operator's plots read this.
CREATE TABLE decision_day (
    day      TEXT    NOT NULL,
    decision TEXT    NOT NULL,
    times    INTEGER NOT NULL,
    PRIMARY KEY (day, decision)
) STRICT;

-- Questions that are asked before an upload: the answer's samples lie where the seed says. Each is
-- answered once, by the account that asked for it, for the audio that it named, before it ends.
CREATE TABLE challenge (
    challenge_id TEXT    PRIMARY KEY,
    account_id   TEXT    NOT NULL,
    essence      BLOB    NOT NULL,
    codes        INTEGER NOT NULL,
    seed         BLOB    NOT NULL,
    expires_ms   INTEGER NOT NULL
) STRICT;

CREATE INDEX challenge_by_expiry ON challenge (expires_ms);
