-- Purpose: size and age of each subfolder from the inventory.
-- Parameters: bucket, snapshot.
-- Columns: prefix, objects, bytes, small_objects, created_min, created_max, dated_bytes.
SELECT prefix, sum(stats.objects)::BIGINT AS objects, sum(bytes)::BIGINT AS bytes, sum(small_objects)::BIGINT AS small_objects,
    min(created_min) AS created_min, max(created_max) AS created_max,
    coalesce(sum(bytes) FILTER (partition_date IS NOT NULL), 0)::BIGINT AS dated_bytes
FROM folder_stats AS stats JOIN subfolder_key ON subfolder_key.key = hash(stats.folder)
WHERE bucket = $bucket AND snapshot_date = $snapshot
GROUP BY prefix;
