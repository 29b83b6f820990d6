-- Purpose: drop what an earlier report said of the same day and buckets; what came and went before it cannot be told again.
-- Parameters: none. Columns: none.
DELETE FROM object USING fresh_bucket AS f
WHERE object.snapshot_date = f.snapshot_date AND object.bucket = f.bucket AND object.file_id < f.first_file;

DELETE FROM folder_stats USING fresh_bucket AS f
WHERE folder_stats.snapshot_date = f.snapshot_date AND folder_stats.bucket = f.bucket;

DELETE FROM object_churn USING fresh_bucket AS f
WHERE object_churn.snapshot_date = f.snapshot_date AND object_churn.bucket = f.bucket;
