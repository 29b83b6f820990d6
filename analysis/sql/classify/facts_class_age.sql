-- Purpose: objects by storage class and age group, from the objects themselves.
-- Parameters: bucket, snapshot, as_of.
-- Columns: prefix, storage_class, age_days (lower bound of the group), objects, bytes, small_objects.
WITH aged AS (
    SELECT
        CASE WHEN contains(name, '/') THEN array_to_string(string_split(name, '/')[:-2][:6], '/') || '/' ELSE '' END AS folder,
        coalesce(storage_class, 'STANDARD') AS storage_class,
        date_diff('day', created_at::DATE, $as_of) AS age, size
    FROM object
    WHERE bucket = $bucket AND snapshot_date = $snapshot
)
SELECT prefix, storage_class,
    CASE WHEN age >= 730 THEN 730 WHEN age >= 365 THEN 365 WHEN age >= 180 THEN 180 WHEN age >= 90 THEN 90
         WHEN age >= 60 THEN 60 WHEN age >= 30 THEN 30 ELSE 0 END AS age_days,
    count(*)::BIGINT AS objects, sum(size)::BIGINT AS bytes, count(*) FILTER (size < 131072)::BIGINT AS small_objects
FROM aged JOIN subfolder_key ON subfolder_key.key = hash(aged.folder)
GROUP BY ALL
ORDER BY ALL;
