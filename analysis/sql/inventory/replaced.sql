-- Purpose: what an earlier report said of the same day and buckets; the new one takes its place.
-- Parameters: none. Columns: bucket, objects.
SELECT bucket, sum(objects)::BIGINT AS objects
FROM folder_stats SEMI JOIN fresh_bucket USING (snapshot_date, bucket)
GROUP BY bucket
ORDER BY bucket;
