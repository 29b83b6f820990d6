-- Purpose: who did what in which leaf, with the days as a bit string: bit n stands for the day n days before as_of.
--   Reading one object again and again within a day is polling, not use, and is kept apart.
--   Usage logs know bytes but no caller: where audit logs show reads of the same folder and day, usage rows add only bytes.
-- Parameters: bucket, as_of, from_day, poll_repeats, poll_repeats_sole_object, has_usage.
-- Needs: folder_leaf, caller (identity_id → consumer_id).
-- Columns: leaf_id, consumer_id, role (read|poll|copy|write|delete|update|denied|missing|usage), days BIT(400), events, objects,
--   bytes, first_at, last_at, object_min, object_max (equal where it is always the same object).
CREATE OR REPLACE TEMP TABLE use_leaf AS
WITH audited AS (
    SELECT DISTINCT hash(folder) AS key, day, op
    FROM access
    WHERE $has_usage AND bucket = $bucket AND day BETWEEN $from_day AND $as_of AND source = 'audit' AND outcome = 'ok'
),
merged AS (
    -- One input batch may hold a part of a day; polling shows only in the whole of it.
    SELECT hash(folder) AS key, hash(principal, delegation, key_name, agent, job) AS identity_id, partition_date, day, source, op,
        CASE WHEN outcome <> 'ok' THEN outcome WHEN op = 'read' AND copied_to <> '' THEN 'copy' ELSE op END AS act,
        sum(events) AS events, sum(objects) AS objects, sum(bytes) AS bytes,
        min(object_min) AS object_min, max(object_max) AS object_max, min(first_at) AS first_at, max(last_at) AS last_at
    FROM access
    WHERE bucket = $bucket AND day BETWEEN $from_day AND $as_of AND op NOT IN ('list', 'admin')
    GROUP BY ALL
),
calls AS (
    SELECT folder_leaf.leaf_id, caller.consumer_id, events, merged.objects, bytes, first_at, last_at, object_min, object_max,
        date_diff('day', merged.day, $as_of)::INTEGER AS age,
        CASE
            WHEN audited.key IS NOT NULL THEN 'usage'
            WHEN act = 'read' AND object_min = object_max AND events >= CASE
                WHEN folder_leaf.objects > 1 THEN $poll_repeats ELSE $poll_repeats_sole_object END THEN 'poll'
            ELSE act
        END AS role
    FROM merged JOIN folder_leaf USING (key) JOIN caller USING (identity_id)
    LEFT JOIN audited ON merged.source = 'usage' AND audited.key = merged.key AND audited.day = merged.day AND audited.op = merged.op
)
SELECT leaf_id, consumer_id, role,
    bitstring_agg(age, 0, 399) AS days,
    sum(events)::BIGINT AS events, sum(objects)::BIGINT AS objects, sum(bytes)::BIGINT AS bytes,
    min(first_at) AS first_at, max(last_at) AS last_at, min(object_min) AS object_min, max(object_max) AS object_max
FROM calls
GROUP BY ALL;
