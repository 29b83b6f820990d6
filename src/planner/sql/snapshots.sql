-- Purpose: every analysis that the catalogue holds, newest first.
-- Parameters: none. Columns: bucket, snapshot_id, as_of.
SELECT bucket, snapshot_id, as_of
FROM snapshot
ORDER BY bucket, as_of DESC, snapshot_id DESC;
