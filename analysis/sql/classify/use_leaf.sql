-- Purpose: who did what in which leaf, with the days as a bit string: bit n stands for the day n days before as_of.
--   Reading one object again and again within a day is polling, not use, and is kept apart.
-- Parameters: bucket, as_of, from_day, poll_repeats, poll_repeats_sole_object.
-- Needs: folder_leaf, caller (identity_id → consumer_id).
-- Columns: leaf_id, consumer_id, role (read|poll|copy|write|delete|update|denied|missing), days BIT(400), events, objects,
--   bytes, first_at, last_at.
CREATE OR REPLACE TEMP TABLE use_leaf AS
WITH calls AS (
    SELECT folder_leaf.leaf_id, caller.consumer_id, access.events, access.objects, access.bytes, first_at, last_at,
        date_diff('day', day, $as_of)::INTEGER AS age,
        CASE
            WHEN outcome <> 'ok' THEN outcome
            WHEN op = 'read' AND copied_to <> '' THEN 'copy'
            WHEN op = 'read' AND object_min = object_max AND events >= CASE
                WHEN folder_leaf.objects > 1 THEN $poll_repeats ELSE $poll_repeats_sole_object END THEN 'poll'
            ELSE op
        END AS role
    FROM access
    JOIN folder_leaf ON folder_leaf.key = hash(access.folder)
    JOIN caller ON caller.identity_id = hash(principal, delegation, key_name, agent, job)
    WHERE bucket = $bucket AND day BETWEEN $from_day AND $as_of AND op NOT IN ('list', 'admin')
)
SELECT leaf_id, consumer_id, role,
    bitstring_agg(age, 0, 399) AS days,
    sum(events)::BIGINT AS events, sum(objects)::BIGINT AS objects, sum(bytes)::BIGINT AS bytes,
    min(first_at) AS first_at, max(last_at) AS last_at
FROM calls
GROUP BY ALL;
