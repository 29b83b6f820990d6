-- Purpose: the first and the last folder by name: what both begin with, all folders begin with.
-- Parameters: bucket, snapshot (DATE or NULL), from_day, to_day. Columns: first, last (NULL without any folder).
SELECT min(folder), max(folder)
FROM (
    SELECT folder FROM folder_stats WHERE bucket = $bucket AND snapshot_date = $snapshot
    UNION ALL
    SELECT folder FROM access WHERE $snapshot IS NULL AND bucket = $bucket AND day BETWEEN $from_day AND $to_day
)
WHERE folder <> '';
