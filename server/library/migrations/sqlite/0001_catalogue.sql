-- The catalogue, first version. STRICT tables know INTEGER, TEXT and BLOB only; PostgreSQL gets a
-- file of its own with BIGINT, TEXT and BYTEA. The statements that use these tables are shared.

-- One row: the number of the last change. Taking the next number locks the row, so changes become
-- visible in the order of their numbers, also where several writers may commit at once.
CREATE TABLE change_counter (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    last_seq INTEGER NOT NULL CHECK (last_seq >= 0)
) STRICT;

INSERT INTO change_counter (id, last_seq) VALUES (1, 0);

-- One row a recording, live or removed. `seq` is the number of its last change: the rows in the
-- order of `seq` are the log that the index is brought up to date from. A removed recording stays
-- as a tombstone (its metadata cleared), and keeps its slot for the day it comes back.
CREATE TABLE recording (
    slot         INTEGER PRIMARY KEY CHECK (slot BETWEEN 0 AND 4294967295),
    recording_id TEXT    NOT NULL UNIQUE,
    seq          INTEGER NOT NULL UNIQUE,
    removed      INTEGER NOT NULL CHECK (removed IN (0, 1)),
    title        TEXT,
    artist       TEXT,
    isrc         TEXT,
    iswc         TEXT,
    rights       TEXT    NOT NULL CHECK (rights IN ('entrusted', 'not_entrusted', 'unknown'))
) STRICT;

-- The raw codes, 20 a second, from which the index can always be built again. Beside `recording`,
-- so that reading metadata does not drag the codes through the page cache.
CREATE TABLE reference_codes (
    slot        INTEGER PRIMARY KEY REFERENCES recording (slot),
    profile     INTEGER NOT NULL,
    encoder     INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    codes       BLOB    NOT NULL
) STRICT;
