-- Purpose: the newest snapshot before another one, or the newest of those that judge from a day up to `day`.
-- Parameters: bucket, snapshot, day (DATE or NULL).
-- Columns: snapshot_id (NULL without any).
SELECT max(snapshot_id) FROM snapshot
WHERE bucket = $bucket AND snapshot_id < $snapshot AND ($day IS NULL OR as_of <= $day);
