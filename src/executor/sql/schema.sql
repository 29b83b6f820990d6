-- Purpose: the journal of one plan. It says "started" before every act and the result after it.
-- Parameters: none. Version in PRAGMA user_version (see journal.py).
CREATE TABLE run (
    run_id     TEXT PRIMARY KEY,
    command    TEXT NOT NULL,           -- execute | cleanup | rollback | observe
    started_at TEXT NOT NULL,
    ended_at   TEXT,
    outcome    TEXT                     -- exit code, or the error in one line
) STRICT;

CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE move (
    move_id       INTEGER PRIMARY KEY,
    use_case      TEXT NOT NULL UNIQUE,
    phase         INTEGER NOT NULL,
    digest        TEXT NOT NULL,        -- of the migration as it was when the move began
    source_bucket TEXT NOT NULL,
    target_bucket TEXT NOT NULL,
    state         TEXT NOT NULL,        -- see states.py
    pass          INTEGER NOT NULL DEFAULT 1,
    listed        INTEGER NOT NULL DEFAULT 0,  -- 1 when this pass has seen the whole source
    listed_to     TEXT,                 -- last name of the source that is in the journal, while listing
    verified_at   TEXT,
    quiet_since   TEXT,
    cleaned_at    TEXT,
    note          TEXT NOT NULL DEFAULT ''
) STRICT;

-- One row for each (object, generation) that was seen. item_id = move_id * 2^40 + seq with seq dense within a move, so
-- that work can be taken in a shuffled order without sorting, and a row is found by its rowid.
CREATE TABLE item (
    item_id           INTEGER PRIMARY KEY,
    move_id           INTEGER NOT NULL,
    segment           INTEGER NOT NULL,
    source            TEXT NOT NULL,
    generation        INTEGER NOT NULL,
    metageneration    INTEGER NOT NULL,
    target            TEXT NOT NULL,
    size              INTEGER NOT NULL,
    crc32c            TEXT NOT NULL,
    md5               TEXT,
    state             TEXT NOT NULL,    -- planned started copied verified skipped conflict failed left
    reason            TEXT NOT NULL DEFAULT '',
    attempts          INTEGER NOT NULL DEFAULT 0,
    expect            INTEGER NOT NULL DEFAULT 0,  -- target generation that may be replaced; 0: none may be there
    target_generation INTEGER,          -- of the copy that we wrote
    token             TEXT,             -- of a rewrite in several calls
    token_at          TEXT,
    after             TEXT NOT NULL DEFAULT '',    -- deleting | deleted | kept | removing | removed | restoring | restored
    after_reason      TEXT NOT NULL DEFAULT '',
    restored_generation INTEGER,
    wanted            BLOB NOT NULL,    -- the metadata set that the copy must carry, JSON
    source_class      TEXT NOT NULL DEFAULT 'STANDARD'  -- what a restored source must have again
) STRICT;

CREATE UNIQUE INDEX item_by_source ON item (move_id, source, generation);

-- Acts on buckets, policies and code: one row an act, `started` before it and the result after it.
CREATE TABLE step (
    step_id     INTEGER PRIMARY KEY,
    move_id     INTEGER NOT NULL,
    run_id      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    state       TEXT NOT NULL,          -- started | done | failed | reverted
    started_at  TEXT NOT NULL,
    ended_at    TEXT,
    detail      TEXT NOT NULL DEFAULT '{}'   -- JSON: what the reverse of this act needs
) STRICT;

-- A resumed run tries these again; without it, finding none of them would read the whole table first.
CREATE INDEX item_to_retry ON item (move_id) WHERE state IN ('failed', 'conflict');
