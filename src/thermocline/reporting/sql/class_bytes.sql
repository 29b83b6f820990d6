-- Purpose: bytes of each subfolder by storage class.
-- Parameters: snapshot.
-- Columns: subfolder, storage_class, bytes.
SELECT subfolder, entry.key AS storage_class, entry.value::BIGINT AS bytes
FROM subfolder, json_each(bytes_by_class) AS entry
WHERE snapshot_id = $snapshot
ORDER BY ALL;
