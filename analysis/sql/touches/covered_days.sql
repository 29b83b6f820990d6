-- Purpose: the days since a day on which reads of the bucket would have been seen.
-- Parameters: bucket, since (DATE).
-- Columns: day.
SELECT DISTINCT day FROM v_coverage
WHERE bucket = $bucket AND day >= $since AND log_type IN ('data_read', 'usage') AND events > 0
ORDER BY day;
