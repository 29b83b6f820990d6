-- Purpose: where the subfolders of the newest snapshot that judges from an earlier day began. Snapshots of the same day or of later
--   ones do not matter, so that analysing a day again says the same again.
-- Parameters: bucket, as_of. Columns: prefix.
SELECT prefix
FROM subfolder_detail
WHERE snapshot_id = (SELECT max_by(snapshot_id, (as_of, snapshot_id)) FROM snapshot WHERE bucket = $bucket AND as_of < $as_of);
