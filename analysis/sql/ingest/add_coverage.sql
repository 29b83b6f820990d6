-- Purpose: which days and log types the batch speaks of. Refused calls count: they show that the log was on.
-- Parameters: none. Columns: those of `coverage`.
INSERT INTO coverage
SELECT day, bucket, log_type, count(*) AS events
FROM judged
GROUP BY ALL
ORDER BY ALL;
