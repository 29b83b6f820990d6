-- Purpose: the days on which each kind of log says anything about the bucket.
-- Parameters: bucket.
-- Columns: log_type, day.
SELECT log_type, day FROM coverage WHERE bucket = $bucket AND events > 0 GROUP BY ALL ORDER BY ALL;
