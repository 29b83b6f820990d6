-- Purpose: the analyses of a bucket, latest first.
-- Parameters: bucket.
-- Columns: snapshot_id, as_of, settings (JSON).
SELECT snapshot_id, as_of, settings::VARCHAR AS settings
FROM snapshot
WHERE bucket = $bucket
ORDER BY as_of DESC, snapshot_id DESC;
