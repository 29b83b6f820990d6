-- Purpose: who lists the bucket; a list names no folder and never warms one.
-- Parameters: bucket, from_day, as_of.
-- Columns: consumer_id, days, events, first_at, last_at.
SELECT consumer_id, count(DISTINCT day) AS days, sum(events)::BIGINT AS events, min(first_at) AS first_at, max(last_at) AS last_at
FROM access JOIN caller ON caller.identity_id = hash(principal, delegation, key_name, agent, job)
WHERE bucket = $bucket AND day BETWEEN $from_day AND $as_of AND op = 'list' AND outcome = 'ok'
GROUP BY ALL
ORDER BY ALL;
