-- Purpose: what `analyze` finds, kept per snapshot so that two of them can be compared.
-- Parameters: none. Columns: see the COMMENT ON statements.

CREATE TABLE snapshot (
    snapshot_id BIGINT NOT NULL,
    as_of DATE NOT NULL,
    bucket VARCHAR NOT NULL,
    settings JSON,
    coverage_days INTEGER NOT NULL,
    coverage_from DATE,
    coverage_to DATE
);

CREATE TABLE subfolder (
    snapshot_id BIGINT NOT NULL,
    subfolder VARCHAR NOT NULL,
    template VARCHAR,
    objects BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    bytes_by_class JSON,
    small_objects BIGINT NOT NULL,
    created_min TIMESTAMP,
    created_max TIMESTAMP,
    temperature VARCHAR NOT NULL,
    temperature_confidence DOUBLE,
    isolation VARCHAR NOT NULL,
    pattern VARCHAR NOT NULL,
    assessment VARCHAR,
    last_read_at TIMESTAMP,
    last_write_at TIMESTAMP,
    read_days_30 INTEGER,
    write_days_30 INTEGER,
    read_days INTEGER,
    write_days INTEGER,
    read_events BIGINT,
    write_events BIGINT,
    coverage_days INTEGER,
    hot_until_age_days INTEGER,
    reasons VARCHAR[],
    flags VARCHAR[],
    isolation_breakers VARCHAR[]
);

CREATE TABLE consumer (
    snapshot_id BIGINT NOT NULL,
    subfolder VARCHAR NOT NULL,
    consumer VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    principal VARCHAR,
    delegation VARCHAR,
    key_name VARCHAR,
    agent VARCHAR,
    job VARCHAR,
    workload VARCHAR,
    confidence DOUBLE,
    events BIGINT,
    days INTEGER,
    objects BIGINT,
    bytes BIGINT,
    first_at TIMESTAMP,
    last_at TIMESTAMP,
    files VARCHAR[]
);

CREATE TABLE contradiction (
    snapshot_id BIGINT NOT NULL,
    kind VARCHAR NOT NULL,
    subfolder VARCHAR,
    message VARCHAR NOT NULL,
    evidence VARCHAR[]
);

CREATE TABLE verdict_reason (
    snapshot_id BIGINT NOT NULL,
    subfolder VARCHAR NOT NULL,
    verdict VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    sentence VARCHAR NOT NULL
);

COMMENT ON TABLE snapshot IS 'One row per analysis of a bucket.';
COMMENT ON TABLE subfolder IS 'What an analysis says of a subfolder.';
COMMENT ON TABLE consumer IS 'Who uses a subfolder, and how.';
COMMENT ON TABLE contradiction IS 'Where code, logs and documents disagree.';
COMMENT ON TABLE verdict_reason IS 'The rules behind each verdict, as sentences with their numbers.';
