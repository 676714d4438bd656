-- Everything that is written down for good, in order. Rows are inserted and never changed.
CREATE TABLE audit_event (
    -- From 0, without a gap.
    line    INTEGER PRIMARY KEY CHECK (line >= 0),
    kind    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    at_ms   INTEGER NOT NULL,
    -- JSON, in the bytes that were hashed.
    body    TEXT    NOT NULL,
    -- 16 random bytes, so that nobody can try out events against the published hash.
    salt    BLOB    NOT NULL,
    -- What stands in the tree (RFC 6962): a hash of the published entry.
    leaf    BLOB    NOT NULL
) STRICT;

CREATE INDEX audit_of_subject ON audit_event (subject);
