-- Purpose: the ledger of the days that came home.
-- Parameters: none. Columns: day, lines, kept, duplicates, rejected, not_storage, first_event_at, last_event_at.
SELECT
    day,
    sum(lines)::BIGINT,
    coalesce(sum(events) FILTER (WHERE problem = '' AND NOT known), 0)::BIGINT,
    coalesce(sum(CASE WHEN known THEN lines ELSE lines - events END) FILTER (WHERE problem = ''), 0)::BIGINT,
    coalesce(sum(lines) FILTER (WHERE problem NOT IN ('', 'not storage')), 0)::BIGINT,
    coalesce(sum(lines) FILTER (WHERE problem = 'not storage'), 0)::BIGINT,
    min(first_at) FILTER (WHERE problem = ''),
    max(last_at) FILTER (WHERE problem = '')
FROM rolled
GROUP BY day
ORDER BY day;
