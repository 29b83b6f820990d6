-- Purpose: keep only the objects of the latest inventory of each bucket; an older one, read late, leaves its sums alone.
-- Parameters: none. Columns: none.
DELETE FROM object
WHERE EXISTS (FROM folder_stats AS f WHERE f.bucket = object.bucket AND f.snapshot_date > object.snapshot_date);
