-- Purpose: the rows of one report file, with what is wrong with those that cannot be used.
-- Parameters: snapshot_date, file_id, bucket (for reports without that column; may be NULL). Columns: those of `object`.
-- `report_row` is a view over the file; the columns it lacks are NULL, `bad` says which value could not be read.
INSERT INTO object BY NAME
SELECT
    $snapshot_date AS snapshot_date,
    coalesce(bucket, $bucket, '') AS bucket,
    coalesce(name, '') AS name,
    size,
    upper(nullif(storageclass, '')) AS storage_class,
    timecreated AS created_at,
    generation,
    CASE WHEN generation IS NULL THEN nullif(crc32c, '') END AS crc32c,
    $file_id AS file_id,
    CASE
        WHEN coalesce(name, '') = '' THEN 'no name'
        WHEN coalesce(bucket, $bucket, '') = '' THEN 'no bucket'
        WHEN bad <> '' THEN bad
        WHEN coalesce(timedeleted, '') <> '' THEN 'not live'
        ELSE ''
    END AS problem
FROM report_row;
