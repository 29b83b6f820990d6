-- Purpose: effective reads of dated partitions by the partition's age on the day of reading.
-- Parameters: bucket, as_of, from_day, poll_repeats, poll_repeats_sole_object, poll_minutes.
-- Columns: prefix, age_days (0..30 by day, then 31, 61, 91, 181, 366: lower bounds), days (bit string as in facts_use).
WITH reads AS (
    -- Summed per day first, as in use_leaf.sql, so that polls are known as polls.
    SELECT hash(folder) AS key, hash(principal, delegation, key_name, agent, job) AS identity_id, partition_date, day,
        sum(events) AS events,
        min(object_min) = max(object_max) AND date_diff('minute', min(first_at), max(last_at)) <= $poll_minutes * (sum(events) - 1) AS asked_again
    FROM access
    WHERE bucket = $bucket AND day BETWEEN $from_day AND $as_of AND partition_date IS NOT NULL
        AND op = 'read' AND outcome = 'ok' AND copied_to = ''
    GROUP BY ALL
)
SELECT prefix,
    CASE WHEN age <= 30 THEN greatest(age, 0) WHEN age <= 60 THEN 31 WHEN age <= 90 THEN 61 WHEN age <= 180 THEN 91
         WHEN age <= 365 THEN 181 ELSE 366 END AS age_days,
    bitstring_agg(back, 0, 399)::VARCHAR AS days
FROM (SELECT key, identity_id, date_diff('day', partition_date, day)::INTEGER AS age, date_diff('day', day, $as_of)::INTEGER AS back,
          asked_again, events
      FROM reads)
JOIN subfolder_key USING (key)
JOIN caller USING (identity_id)
JOIN known_consumer USING (consumer_id)
JOIN folder_leaf USING (key)
WHERE kind NOT IN ('maintenance', 'ourselves')
    AND NOT (asked_again IS TRUE AND events >= CASE WHEN folder_leaf.objects > 1 THEN $poll_repeats ELSE $poll_repeats_sole_object END)
GROUP BY ALL
ORDER BY ALL;
