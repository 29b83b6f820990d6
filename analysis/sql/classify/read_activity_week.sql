-- Purpose: effective reads and writes per week of one subfolder.
-- Parameters: snapshot, subfolder. Columns: weeks_ago, reads, writes.
SELECT weeks_ago, reads, writes
FROM activity_week WHERE snapshot_id = $snapshot AND subfolder = $subfolder
ORDER BY weeks_ago;
