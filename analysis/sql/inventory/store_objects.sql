-- Purpose: the objects of the inventory, unless a later one of the same bucket is stored already.
-- Parameters: snapshot_date. Columns: those of `object`.
INSERT INTO object
SELECT
    $snapshot_date AS snapshot_date, bucket, name, size, storage_class, created_at, updated_at, class_updated_at, custom_time,
    content_type, crc32c, md5, generation, metageneration
FROM listed AS l ANTI JOIN repeated AS r ON r.row_id = l.rowid
WHERE problem = '' AND NOT gone
    AND NOT EXISTS (FROM folder_stats AS f WHERE f.bucket = l.bucket AND f.snapshot_date > $snapshot_date);
