-- Purpose: what the sources leave behind: a ledger of inputs, the access rollup, the inventory, what the code names.
-- Parameters: none. Columns: see the COMMENT ON statements; docs/catalogue.md is generated from those of the views.

CREATE TABLE evidence_file (
    file_id BIGINT NOT NULL,
    kind VARCHAR NOT NULL,
    uri VARCHAR NOT NULL,
    checksum VARCHAR NOT NULL,
    size_bytes BIGINT,
    lines BIGINT NOT NULL,
    kept BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    not_storage BIGINT NOT NULL,
    complete BOOLEAN NOT NULL,
    note VARCHAR NOT NULL,
    first_event_at TIMESTAMP,
    last_event_at TIMESTAMP
);

CREATE TABLE reject (
    file_id BIGINT NOT NULL,
    line_no BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    text VARCHAR NOT NULL
);

-- One row per event ever kept, so that the same event from another file or source is known again. No key: an index would cost
-- ten times the space; a day's rows are found through the zone maps because they are appended day by day.
CREATE TABLE seen (
    day DATE NOT NULL,
    hash UBIGINT NOT NULL
);

-- Days whose rollup was made elsewhere (in BigQuery): their events are known as a whole, not one by one.
CREATE TABLE rolled_day (
    source VARCHAR NOT NULL,
    bucket VARCHAR NOT NULL,
    log_type VARCHAR NOT NULL,
    day DATE NOT NULL,
    file_id BIGINT NOT NULL
);

CREATE TABLE access (
    bucket VARCHAR NOT NULL,
    folder VARCHAR NOT NULL,
    partition_date DATE,
    day DATE NOT NULL,
    principal VARCHAR NOT NULL,
    delegation VARCHAR NOT NULL,
    key_name VARCHAR NOT NULL,
    agent VARCHAR NOT NULL,
    job VARCHAR NOT NULL,
    op VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    copied_to VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    events BIGINT NOT NULL,
    objects BIGINT NOT NULL,
    object_min UBIGINT,
    object_max UBIGINT,
    bytes BIGINT,
    first_at TIMESTAMP NOT NULL,
    last_at TIMESTAMP NOT NULL
);

CREATE TABLE coverage (
    day DATE NOT NULL,
    bucket VARCHAR NOT NULL,
    log_type VARCHAR NOT NULL,
    events BIGINT NOT NULL
);

CREATE TABLE object (
    snapshot_date DATE NOT NULL,
    bucket VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    size BIGINT,
    storage_class VARCHAR,
    created_at TIMESTAMP,
    updated_at TIMESTAMP,
    class_updated_at TIMESTAMP,
    custom_time TIMESTAMP,
    content_type VARCHAR,
    crc32c VARCHAR,
    md5 VARCHAR,
    generation BIGINT,
    metageneration BIGINT
);

CREATE TABLE folder_stats (
    snapshot_date DATE NOT NULL,
    bucket VARCHAR NOT NULL,
    folder VARCHAR NOT NULL,
    partition_date DATE,
    storage_class VARCHAR NOT NULL,
    objects BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    small_objects BIGINT NOT NULL,
    created_min TIMESTAMP,
    created_max TIMESTAMP
);

CREATE TABLE bucket_info (
    bucket VARCHAR NOT NULL,
    snapshot_date DATE,
    location VARCHAR,
    storage_class VARCHAR,
    project VARCHAR
);

CREATE TABLE code_reference (
    checkout VARCHAR NOT NULL,
    commit_id VARCHAR,
    env VARCHAR,
    bucket VARCHAR NOT NULL,
    prefix VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    line BIGINT NOT NULL,
    kind VARCHAR NOT NULL,
    via VARCHAR,
    confidence DOUBLE,
    workload VARCHAR,
    provenance JSON
);

COMMENT ON TABLE evidence_file IS 'One row per input ever read: lines = kept + duplicates + rejected + not_storage.';
COMMENT ON TABLE reject IS 'Lines that could not be used, with their reason and position; the text is cut after 1,000 characters.';
COMMENT ON TABLE seen IS 'Stable 64-bit hash of (log name, timestamp, insert id) of every event kept.';
COMMENT ON TABLE rolled_day IS 'Days that came home as a rollup; their events are known as a whole.';
COMMENT ON TABLE access IS 'Who did what to which folder on which day.';
COMMENT ON TABLE coverage IS 'Events per day, bucket and log type: where the evidence has gaps.';
COMMENT ON TABLE object IS 'The latest inventory of each bucket, one row per object.';
COMMENT ON TABLE folder_stats IS 'Sums per folder, partition date and storage class, for every inventory ever read.';
COMMENT ON TABLE bucket_info IS 'What is known of a bucket itself.';
COMMENT ON TABLE code_reference IS 'Where code names a place in a bucket.';
