-- Purpose: objects by storage class and age group of one snapshot; columns are named like model.ClassAge.
-- Parameters: snapshot.
SELECT subfolder, storage_class, age_days AS age_days_bucket, objects, bytes, small_objects
FROM class_age WHERE snapshot_id = $snapshot ORDER BY subfolder, storage_class, age_days;
