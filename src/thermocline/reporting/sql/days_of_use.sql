-- Purpose: how often each subfolder was read and written on each day.
-- Needs: use.
-- Columns: subfolder, day, reads, writes (with deletes).
SELECT subfolder, day,
    coalesce(sum(events) FILTER (op = 'read'), 0)::BIGINT AS reads,
    coalesce(sum(events) FILTER (op <> 'read'), 0)::BIGINT AS writes
FROM use
GROUP BY subfolder, day
ORDER BY subfolder, day;
