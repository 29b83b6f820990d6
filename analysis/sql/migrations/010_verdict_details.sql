-- Purpose: what stands behind the verdicts, kept with each snapshot so that one screen can show all of it.
-- Parameters: none. Columns: see the COMMENT ON statements.

CREATE TABLE snapshot_detail (
    snapshot_id BIGINT NOT NULL,
    location VARCHAR,
    project VARCHAR,
    inventory_date DATE,
    evidence_digest VARCHAR NOT NULL
);

CREATE TABLE subfolder_detail (
    snapshot_id BIGINT NOT NULL,
    subfolder VARCHAR NOT NULL,
    prefix VARCHAR NOT NULL,
    excludes VARCHAR[],
    folders BIGINT,
    read_bytes BIGINT
);

CREATE TABLE class_age (
    snapshot_id BIGINT NOT NULL,
    subfolder VARCHAR NOT NULL,
    storage_class VARCHAR NOT NULL,
    age_days INTEGER NOT NULL,
    objects BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    small_objects BIGINT NOT NULL
);

CREATE TABLE child_folder (
    snapshot_id BIGINT NOT NULL,
    subfolder VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    objects BIGINT NOT NULL,
    bytes BIGINT NOT NULL
);

CREATE TABLE activity_week (
    snapshot_id BIGINT NOT NULL,
    subfolder VARCHAR NOT NULL,
    weeks_ago INTEGER NOT NULL,
    reads BIGINT NOT NULL,
    writes BIGINT NOT NULL
);

CREATE TABLE code_site (
    snapshot_id BIGINT NOT NULL,
    subfolder VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    line BIGINT NOT NULL,
    role VARCHAR NOT NULL,
    prefix VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    via VARCHAR,
    workload VARCHAR
);

CREATE TABLE lineage (
    snapshot_id BIGINT NOT NULL,
    subfolder VARCHAR NOT NULL,
    copied_to VARCHAR NOT NULL,
    principal VARCHAR NOT NULL,
    days INTEGER NOT NULL,
    events BIGINT NOT NULL,
    last_at TIMESTAMP
);

COMMENT ON TABLE snapshot_detail IS 'Where the bucket lies, and a digest of the evidence: equal evidence, equal digest.';
COMMENT ON TABLE subfolder_detail IS 'The prefix of each subfolder, and the prefixes below it that are subfolders of their own.';
COMMENT ON TABLE class_age IS 'Objects per storage class and age group (lower bound in days).';
COMMENT ON TABLE child_folder IS 'Folders directly below a subfolder, the 200 heaviest.';
COMMENT ON TABLE activity_week IS 'Effective reads and writes per week; week 0 ends with the day judged from.';
COMMENT ON TABLE code_site IS 'Lines of code and of documents that name a subfolder.';
COMMENT ON TABLE lineage IS 'Copies out of a subfolder.';
