-- The catalogue, first version, as SQLite takes it; onmon-store says it to PostgreSQL. Builds before
-- the first release made the same tables without a row in `schema_version`: those are kept as they
-- are.

-- One row: the number of the last change. Taking the next number locks the row, so changes become
-- visible in the order of their numbers, also where several writers may commit at once.
CREATE TABLE IF NOT EXISTS change_counter (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    last_seq INTEGER NOT NULL CHECK (last_seq >= 0)
) STRICT;

INSERT INTO change_counter (id, last_seq) VALUES (1, 0) ON CONFLICT (id) DO NOTHING;

-- One row a recording, live or removed. `seq` is the number of its last change: the rows in the
-- order of `seq` are the log that the index is brought up to date from. A removed recording stays
-- as a tombstone (its metadata cleared), and keeps its slot for the day it comes back.
CREATE TABLE IF NOT EXISTS recording (
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
CREATE TABLE IF NOT EXISTS reference_codes (
    slot        INTEGER PRIMARY KEY REFERENCES recording (slot),
    profile     INTEGER NOT NULL,
    encoder     INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    codes       BLOB    NOT NULL
) STRICT;

-- One row each time the catalogue was opened to write, in order: a random mark, and the number of
-- the last change at that moment. An index keeps the mark that it was written under; what is beyond
-- the next opening's number, or under no mark that is here, was derived from another catalogue.
CREATE TABLE IF NOT EXISTS catalogue_opening (
    number   INTEGER PRIMARY KEY,
    mark     TEXT    NOT NULL UNIQUE,
    last_seq INTEGER NOT NULL
) STRICT;
