-- Purpose: an empty table for the objects of one inventory.
-- Parameters: none. Columns: those of `object` without its date; `problem` says why a row cannot be used; `gone` marks versions
--   that are no longer live.
CREATE OR REPLACE TEMP TABLE listed (
    file_id BIGINT,
    problem VARCHAR,
    gone BOOLEAN,
    project VARCHAR,
    location VARCHAR,
    bucket VARCHAR,
    name VARCHAR,
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
