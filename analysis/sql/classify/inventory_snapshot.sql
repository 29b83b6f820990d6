-- Purpose: which inventory to judge by: the last one up to as_of, else the first one after it.
-- Parameters: bucket, as_of (DATE or NULL: the last of all).
-- Columns: snapshot_date (NULL without any).
SELECT coalesce(max(snapshot_date) FILTER ($as_of IS NULL OR snapshot_date <= $as_of), min(snapshot_date)) AS snapshot_date
FROM folder_stats WHERE bucket = $bucket;
