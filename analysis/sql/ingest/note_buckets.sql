-- Purpose: location and project of buckets as the log's labels give them (older logs in upper case).
-- Parameters: none. Columns: those of `bucket_info`.
INSERT INTO bucket_info
SELECT bucket, NULL AS snapshot_date, max(location) AS location, NULL AS storage_class, max(project) AS project
FROM summed
WHERE bucket <> '' AND outcome = 'ok' AND location IS NOT NULL
    AND bucket NOT IN (SELECT b.bucket FROM bucket_info AS b WHERE b.location IS NOT NULL)
GROUP BY bucket
ORDER BY bucket;
