-- Purpose: location and project of the buckets as the inventory gives them.
-- Parameters: snapshot_date. Columns: those of `bucket_info`.
INSERT INTO bucket_info
SELECT bucket, $snapshot_date AS snapshot_date, max(location) AS location, NULL AS storage_class, max(project) AS project
FROM listed
WHERE problem = '' AND (location IS NOT NULL OR project IS NOT NULL)
GROUP BY bucket
ORDER BY bucket;
