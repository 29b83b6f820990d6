-- Purpose: which days and log types came home.
-- Parameters: none. Columns: those of `coverage`.
INSERT INTO coverage
SELECT day, bucket, log_type, sum(events)::BIGINT AS events
FROM rolled WHERE problem = '' AND NOT known AND events > 0 GROUP BY ALL ORDER BY ALL;
