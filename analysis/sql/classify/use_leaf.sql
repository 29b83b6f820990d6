-- Purpose: add the calls of one part of the folders to the roll-up.
--   Calls are first summed per folder, consumer and day: one input batch may hold a part of a day, and reading one object again and again
--   within a day, which is polling and no use, shows only in the whole of it; reads that lie far apart are none, however many.
--   Usage logs know bytes but no caller: where audit logs show the same act in the same folder on the same day, usage rows add only
--   bytes, and refusals nothing.
-- Parameters: bucket, as_of, from_day, poll_repeats, poll_repeats_sole_object, poll_minutes, has_usage, parts, part.
-- Needs: folder_leaf, caller, use_leaf (see use_table.sql).
INSERT INTO use_leaf
WITH audited AS (
    SELECT DISTINCT hash(folder) AS key, day,
        CASE
            WHEN outcome = 'denied' THEN 1 WHEN outcome = 'missing' THEN 2
            WHEN op = 'read' THEN 4 WHEN op = 'write' THEN 5 WHEN op = 'delete' THEN 6 ELSE 7 END AS act
    FROM access
    WHERE $has_usage AND bucket = $bucket AND day BETWEEN $from_day AND $as_of AND source = 'audit' AND op NOT IN ('list', 'admin')
),
merged AS (
    SELECT hash(folder) AS key, hash(principal, delegation, key_name, agent, job) AS identity_id, partition_date, day,
        source = 'usage' AS unnamed,
        -- Positions in the list at the end: grouping by a number costs a quarter of grouping by a word.
        CASE
            WHEN outcome = 'denied' THEN 1 WHEN outcome = 'missing' THEN 2 WHEN op = 'read' AND copied_to <> '' THEN 3
            WHEN op = 'read' THEN 4 WHEN op = 'write' THEN 5 WHEN op = 'delete' THEN 6 ELSE 7 END::UTINYINT AS act,
        sum(events)::BIGINT AS events, sum(objects)::BIGINT AS objects, sum(bytes)::BIGINT AS bytes,
        min(object_min) AS object_min, max(object_max) AS object_max, min(first_at) AS first_at, max(last_at) AS last_at
    FROM access
    WHERE bucket = $bucket AND day BETWEEN $from_day AND $as_of AND op NOT IN ('list', 'admin') AND hash(folder) % $parts::UBIGINT = $part::UBIGINT
    GROUP BY ALL
),
calls AS (
    SELECT folder_leaf.leaf_id, caller.consumer_id, date_diff('day', merged.day, $as_of)::INTEGER AS age,
        CASE
            WHEN audited.key IS NOT NULL THEN 9
            WHEN merged.act = 4 AND object_min = object_max AND events >= CASE
                WHEN folder_leaf.objects > 1 THEN $poll_repeats ELSE $poll_repeats_sole_object END
                AND date_diff('minute', first_at, last_at) <= $poll_minutes * (events - 1) THEN 8
            ELSE merged.act
        END::UTINYINT AS role,
        events, merged.objects, bytes, object_min, object_max, first_at, last_at,
        coalesce(merged.partition_date, folder_leaf.settled) <= folder_leaf.old_until AS old
    FROM merged JOIN folder_leaf USING (key) JOIN caller USING (identity_id)
    LEFT JOIN audited ON merged.unnamed AND audited.key = merged.key AND audited.day = merged.day AND audited.act = merged.act
    WHERE audited.key IS NULL OR merged.act > 2
)
SELECT leaf_id, consumer_id, ['denied', 'missing', 'copy', 'read', 'write', 'delete', 'update', 'poll', 'usage'][role],
    bitstring_agg(age, 0, 399), sum(events)::BIGINT, sum(objects)::BIGINT, sum(bytes)::BIGINT,
    min(first_at), max(last_at), min(object_min), max(object_max),
    coalesce(sum(objects) FILTER (old), 0)::BIGINT,
    bit_or(((1 << (hour(last_at) + 1)) - (1 << hour(first_at)))::UINTEGER)
FROM calls
GROUP BY leaf_id, consumer_id, role;
