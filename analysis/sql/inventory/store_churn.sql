-- Purpose: compare each bucket's stored inventory with the later one that takes its place.
-- Parameters: snapshot_date, first_file. Columns: those of `object_churn`.
INSERT INTO object_churn
WITH fresh AS (SELECT bucket, name, size, generation, crc32c FROM object WHERE file_id >= $first_file),
previous AS (
    SELECT * FROM object
    WHERE snapshot_date < $snapshot_date AND file_id < $first_file AND bucket IN (SELECT f.bucket FROM fresh_bucket AS f)
),
dates AS (SELECT bucket, max(snapshot_date) AS previous_date FROM previous GROUP BY bucket),
paired AS (
    SELECT
        coalesce(n.bucket, p.bucket) AS bucket,
        coalesce(n.name, p.name) AS name,
        n.name IS NOT NULL AS now,
        p.name IS NOT NULL AS before,
        coalesce(n.size, 0) AS size_now,
        coalesce(p.size, 0) AS size_before,
        coalesce(n.generation <> p.generation, n.crc32c <> p.crc32c, n.size IS DISTINCT FROM p.size) AS differs
    FROM fresh AS n FULL JOIN previous AS p ON p.bucket = n.bucket AND p.name = n.name
)
SELECT
    bucket,
    folder_of(name) AS folder,
    previous_date,
    $snapshot_date AS snapshot_date,
    count(*) FILTER (WHERE NOT before) AS new_objects,
    coalesce(sum(size_now) FILTER (WHERE NOT before), 0) AS new_bytes,
    count(*) FILTER (WHERE NOT now) AS gone_objects,
    coalesce(sum(size_before) FILTER (WHERE NOT now), 0) AS gone_bytes,
    count(*) FILTER (WHERE now AND before) AS rewritten_objects,
    coalesce(sum(size_now) FILTER (WHERE now AND before), 0) AS rewritten_bytes
FROM paired JOIN dates USING (bucket)
WHERE NOT (now AND before AND NOT differs)
GROUP BY ALL
ORDER BY ALL;
