-- Purpose: location and project of the buckets of one report file; every row of a bucket has the same, so the first ones do.
-- Parameters: snapshot_date, bucket. Columns: those of `bucket_info`.
INSERT INTO bucket_info
SELECT
    coalesce(bucket, $bucket) AS bucket, $snapshot_date AS snapshot_date, lower(max(nullif(location, ''))) AS location,
    NULL AS storage_class, max(nullif(project, '')) AS project
FROM (FROM report_row LIMIT 10000)
WHERE coalesce(bucket, $bucket, '') <> '' AND (location <> '' OR project <> '')
GROUP BY ALL
ORDER BY ALL;
