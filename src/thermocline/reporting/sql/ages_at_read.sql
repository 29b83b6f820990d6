-- Purpose: how old dated data is when it is read; data read before its own date counts as age 0.
-- Needs: use.
-- Columns: subfolder, age_days (NULL: the name holds no date), reads.
SELECT subfolder,
    CASE WHEN partition_date IS NOT NULL THEN greatest(date_diff('day', partition_date, day), 0)::INTEGER END AS age_days,
    sum(events)::BIGINT AS reads
FROM use
WHERE op = 'read'
GROUP BY ALL
ORDER BY ALL;
