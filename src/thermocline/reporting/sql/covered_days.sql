-- Purpose: the days that the logs of a bucket cover, by log type. Events that name no bucket cover every bucket.
-- Parameters: bucket, first, last.
-- Columns: log_type, day, events.
SELECT log_type, day, sum(events)::BIGINT AS events
FROM v_coverage
WHERE bucket IN ($bucket, '') AND day BETWEEN $first AND $last
GROUP BY ALL
ORDER BY ALL;
