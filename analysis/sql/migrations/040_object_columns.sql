-- Purpose: keep of each object what somebody reads, packed tighter; know which report it came from.
-- Parameters: none. Columns: see the COMMENT ON statements.

ALTER TABLE object RENAME TO wide_object;

-- Told, not found out per block: packing names is most of the work of storing an inventory.
CREATE TABLE object (
    snapshot_date DATE NOT NULL,
    bucket VARCHAR NOT NULL,
    name VARCHAR NOT NULL USING COMPRESSION zstd,
    size BIGINT,
    storage_class VARCHAR,
    created_at TIMESTAMP,
    generation BIGINT,
    crc32c VARCHAR,
    file_id BIGINT NOT NULL DEFAULT 0,
    problem VARCHAR NOT NULL DEFAULT ''
);

INSERT INTO object
SELECT
    snapshot_date, bucket, name, size, storage_class, created_at, generation,
    CASE WHEN generation IS NULL THEN crc32c END AS crc32c,
    0 AS file_id,
    '' AS problem
FROM wide_object;

DROP TABLE wide_object;

COMMENT ON TABLE object IS 'The latest inventory of each bucket, one row per object.';
COMMENT ON COLUMN object.crc32c IS 'only where the generation is not known: either tells whether an object was rewritten';
COMMENT ON COLUMN object.problem IS 'why a row cannot be used; empty but while an inventory is being read';

CREATE VIEW v_object AS SELECT snapshot_date, bucket, name, size, storage_class, created_at, generation FROM object;

COMMENT ON VIEW v_object IS 'The objects of the latest inventory of each bucket.';
COMMENT ON COLUMN v_object.name IS 'as it stands in the bucket, without the bucket';
COMMENT ON COLUMN v_object.size IS 'bytes; NULL where the inventory does not tell';
