-- Purpose: inventories whose sums by folder disagree with their objects.
-- Parameters: none. Columns: bucket, objects, in_folders.
WITH listed AS (SELECT bucket, snapshot_date, count(*) AS objects FROM object GROUP BY ALL),
summed AS (SELECT bucket, snapshot_date, sum(objects) AS in_folders FROM folder_stats GROUP BY ALL)
SELECT bucket, objects, coalesce(in_folders, 0) AS in_folders
FROM listed LEFT JOIN summed USING (bucket, snapshot_date)
WHERE objects IS DISTINCT FROM in_folders
ORDER BY bucket;
