-- Purpose: location and project of buckets as the log's labels give them (older logs in upper case).
-- Parameters: none. Columns: those of `bucket_info`.
INSERT INTO bucket_info
SELECT bucket, NULL AS snapshot_date, max(lower(label_location)) AS location, NULL AS storage_class, max(label_project) AS project
FROM judged
WHERE bucket <> '' AND outcome = 'ok' AND bucket NOT IN (SELECT b.bucket FROM bucket_info AS b WHERE b.location IS NOT NULL)
    AND label_location IS NOT NULL
GROUP BY bucket
ORDER BY bucket;
