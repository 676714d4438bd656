-- Who claims which share of which work and recording. '' stands for what is not given; lists are joined by `;`.

CREATE TABLE rights_organisation (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- DDEX party id (DPID), for reports.
    dpid TEXT NOT NULL,
    ipi TEXT NOT NULL
) STRICT;

CREATE TABLE rights_work (
    id TEXT NOT NULL PRIMARY KEY,
    iswc TEXT NOT NULL,
    jasrac_code TEXT NOT NULL,
    nextone_code TEXT NOT NULL,
    title TEXT NOT NULL,
    composers TEXT NOT NULL,
    lyricists TEXT NOT NULL
) STRICT;

CREATE TABLE rights_work_claim (
    work_id TEXT NOT NULL REFERENCES rights_work (id),
    -- Claims are kept in their own order, counted from 0.
    position INTEGER NOT NULL,
    claimant TEXT NOT NULL,
    party TEXT NOT NULL,
    share_ppm INTEGER NOT NULL CHECK (share_ppm BETWEEN 1 AND 1000000),
    forms TEXT NOT NULL,
    territories TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    -- The first day that no longer counts.
    valid_until TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('entrusted', 'not_entrusted')),
    PRIMARY KEY (work_id, position)
) STRICT;

CREATE TABLE rights_recording (
    id TEXT NOT NULL PRIMARY KEY,
    isrcs TEXT NOT NULL
) STRICT;

CREATE TABLE rights_recording_work (
    recording_id TEXT NOT NULL REFERENCES rights_recording (id),
    work_id TEXT NOT NULL REFERENCES rights_work (id),
    PRIMARY KEY (recording_id, work_id)
) STRICT;

CREATE INDEX rights_recording_work_by_work ON rights_recording_work (work_id);

CREATE TABLE rights_master_claim (
    recording_id TEXT NOT NULL REFERENCES rights_recording (id),
    position INTEGER NOT NULL,
    claimant TEXT NOT NULL,
    party TEXT NOT NULL,
    share_ppm INTEGER NOT NULL CHECK (share_ppm BETWEEN 1 AND 1000000),
    forms TEXT NOT NULL,
    territories TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('entrusted', 'not_entrusted')),
    PRIMARY KEY (recording_id, position)
) STRICT;

-- On which line of the file being imported a recording or work was first met; empty otherwise.
CREATE TABLE rights_import_mark (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    line INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;
