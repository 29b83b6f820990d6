-- Purpose: what an inventory found below a prefix, against the inventory before it; sums, and what came and went object by object.
-- Parameters: bucket, prefix ('' for objects at the root), excludes (VARCHAR[] of prefixes that belong to other subfolders).
-- Columns: previous_date, snapshot_date, objects_before, objects_after, bytes_before, bytes_after, compared (whether object by
--   object), new_objects, new_bytes, gone_objects, gone_bytes, rewritten_objects, rewritten_bytes.
WITH growth AS (
    SELECT
        snapshot_date, previous_date,
        sum(objects_before)::BIGINT AS objects_before, sum(objects_after)::BIGINT AS objects_after,
        sum(bytes_before)::BIGINT AS bytes_before, sum(bytes_after)::BIGINT AS bytes_after
    FROM v_growth
    WHERE bucket = $bucket
        AND CASE WHEN $prefix = '' THEN folder = '' ELSE starts_with(folder, $prefix) END
        AND NOT list_bool_or(list_transform($excludes::VARCHAR[] || [' none'], lambda e: starts_with(folder, e)))
    GROUP BY ALL
),
churn AS (
    SELECT
        snapshot_date,
        sum(new_objects)::BIGINT AS new_objects, sum(new_bytes)::BIGINT AS new_bytes,
        sum(gone_objects)::BIGINT AS gone_objects, sum(gone_bytes)::BIGINT AS gone_bytes,
        sum(rewritten_objects)::BIGINT AS rewritten_objects, sum(rewritten_bytes)::BIGINT AS rewritten_bytes
    FROM v_churn
    WHERE bucket = $bucket
        AND CASE WHEN $prefix = '' THEN folder = '' ELSE starts_with(folder, $prefix) END
        AND NOT list_bool_or(list_transform($excludes::VARCHAR[] || [' none'], lambda e: starts_with(folder, e)))
    GROUP BY ALL
)
SELECT
    g.previous_date, g.snapshot_date, g.objects_before, g.objects_after, g.bytes_before, g.bytes_after,
    g.snapshot_date IN (SELECT c.snapshot_date FROM v_churn AS c WHERE c.bucket = $bucket) AS compared,
    coalesce(c.new_objects, 0), coalesce(c.new_bytes, 0), coalesce(c.gone_objects, 0), coalesce(c.gone_bytes, 0),
    coalesce(c.rewritten_objects, 0), coalesce(c.rewritten_bytes, 0)
FROM growth AS g LEFT JOIN churn AS c USING (snapshot_date)
ORDER BY g.snapshot_date;
