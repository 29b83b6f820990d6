-- Purpose: the analyses of a bucket, latest first.
-- Parameters: bucket.
-- Columns: snapshot_id, as_of, coverage_days, coverage_from, coverage_to.
SELECT snapshot_id, as_of, coverage_days, coverage_from, coverage_to
FROM snapshot
WHERE bucket = $bucket
ORDER BY as_of DESC, snapshot_id DESC;
