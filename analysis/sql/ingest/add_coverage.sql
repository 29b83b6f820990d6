-- Purpose: which days and log types the batch speaks of. Refused calls count: they show that the log was on.
-- Parameters: none. Columns: those of `coverage`.
INSERT INTO coverage
SELECT day, bucket, log_type, sum(events)::BIGINT AS events
FROM summed
GROUP BY ALL
ORDER BY ALL;
