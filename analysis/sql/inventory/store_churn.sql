-- Purpose: compare each bucket's stored inventory with the later one that is about to replace it.
-- Parameters: snapshot_date. Columns: those of `object_churn`.
INSERT INTO object_churn
WITH fresh AS (
    SELECT l.bucket, l.name, l.size, l.generation, l.crc32c
    FROM listed AS l ANTI JOIN repeated AS r ON r.row_id = l.rowid
    WHERE l.problem = '' AND NOT l.gone
),
previous AS (
    SELECT o.* FROM object AS o
    WHERE o.snapshot_date < $snapshot_date AND o.bucket IN (SELECT DISTINCT f.bucket FROM fresh AS f)
),
dates AS (SELECT bucket, max(snapshot_date) AS previous_date FROM previous GROUP BY bucket),
paired AS (
    SELECT
        coalesce(n.bucket, p.bucket) AS bucket,
        folder_of(coalesce(n.name, p.name)) AS folder,
        n.name IS NOT NULL AS now,
        p.name IS NOT NULL AS before,
        coalesce(n.size, 0) AS size_now,
        coalesce(p.size, 0) AS size_before,
        coalesce(n.generation <> p.generation, n.crc32c <> p.crc32c, n.size IS DISTINCT FROM p.size) AS differs
    FROM fresh AS n FULL JOIN previous AS p ON p.bucket = n.bucket AND p.name = n.name
)
SELECT
    bucket,
    folder,
    previous_date,
    $snapshot_date AS snapshot_date,
    count(*) FILTER (WHERE NOT before) AS new_objects,
    coalesce(sum(size_now) FILTER (WHERE NOT before), 0) AS new_bytes,
    count(*) FILTER (WHERE NOT now) AS gone_objects,
    coalesce(sum(size_before) FILTER (WHERE NOT now), 0) AS gone_bytes,
    count(*) FILTER (WHERE now AND before AND differs) AS rewritten_objects,
    coalesce(sum(size_now) FILTER (WHERE now AND before AND differs), 0) AS rewritten_bytes
FROM paired JOIN dates USING (bucket)
GROUP BY ALL
HAVING new_objects + gone_objects + rewritten_objects > 0
ORDER BY ALL;
