-- Purpose: effective reads and writes per week, for the chart.
-- Parameters: bucket, from_day, as_of.
-- Columns: prefix, weeks_ago (0 = the seven days that end with as_of), reads, writes.
SELECT prefix, (date_diff('day', day, $as_of) // 7)::INTEGER AS weeks_ago,
    coalesce(sum(events) FILTER (op = 'read' AND copied_to = ''), 0)::BIGINT AS reads,
    coalesce(sum(events) FILTER (op = 'write'), 0)::BIGINT AS writes
FROM access
JOIN subfolder_key ON subfolder_key.key = hash(access.folder)
JOIN caller ON caller.identity_id = hash(principal, delegation, key_name, agent, job)
JOIN known_consumer USING (consumer_id)
WHERE bucket = $bucket AND day BETWEEN $from_day AND $as_of AND outcome = 'ok' AND op IN ('read', 'write')
    AND kind NOT IN ('maintenance', 'ourselves')
GROUP BY ALL
ORDER BY ALL;
