-- Purpose: copies out of each subfolder: lineage, not heat.
-- Parameters: bucket, from_day, as_of.
-- Columns: prefix, copied_to (bucket/folder), consumer_id, days, events, last_at.
SELECT prefix, copied_to, consumer_id, count(DISTINCT day) AS days, sum(events)::BIGINT AS events, max(last_at) AS last_at
FROM access
JOIN subfolder_key ON subfolder_key.key = hash(access.folder)
JOIN caller ON caller.identity_id = hash(principal, delegation, key_name, agent, job)
WHERE bucket = $bucket AND day BETWEEN $from_day AND $as_of AND op = 'read' AND outcome = 'ok' AND copied_to <> ''
GROUP BY ALL
ORDER BY ALL;
