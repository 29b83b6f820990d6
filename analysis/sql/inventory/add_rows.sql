-- Purpose: take the rows of one report file into `listed`, whatever columns it has.
-- Parameters: file_id, bucket (for reports without that column; may be NULL). Columns: those of `listed`.
-- `report_row` is a view over the file with every column as text; the columns it lacks are NULL.
INSERT INTO listed BY NAME
SELECT
    $file_id AS file_id,
    CASE
        WHEN coalesce(name, '') = '' THEN 'no name'
        WHEN coalesce(bucket, $bucket, '') = '' THEN 'no bucket'
        WHEN size <> '' AND try_cast(size AS BIGINT) IS NULL THEN 'bad size'
        WHEN generation <> '' AND try_cast(generation AS BIGINT) IS NULL THEN 'bad generation'
        WHEN timecreated <> '' AND try_cast(timecreated AS TIMESTAMP) IS NULL THEN 'bad time'
        ELSE ''
    END AS problem,
    coalesce(timedeleted, '') <> '' AS gone,
    project,
    lower(nullif(location, '')) AS location,
    coalesce(bucket, $bucket) AS bucket,
    name,
    try_cast(size AS BIGINT) AS size,
    upper(nullif(storageclass, '')) AS storage_class,
    try_cast(timecreated AS TIMESTAMP) AS created_at,
    try_cast(updated AS TIMESTAMP) AS updated_at,
    try_cast(timestorageclassupdated AS TIMESTAMP) AS class_updated_at,
    try_cast(customtime AS TIMESTAMP) AS custom_time,
    nullif(contenttype, '') AS content_type,
    nullif(crc32c, '') AS crc32c,
    nullif(md5hash, '') AS md5,
    try_cast(generation AS BIGINT) AS generation,
    try_cast(metageneration AS BIGINT) AS metageneration
FROM report_row;
