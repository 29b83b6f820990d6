-- Purpose: remember which days are known as a whole, so that log files do not count them again.
-- Parameters: none. Columns: those of `rolled_day`; file_id 0 stands for the run itself.
INSERT INTO rolled_day
SELECT DISTINCT 'bigquery' AS source, bucket, log_type, day, 0 AS file_id
FROM rolled WHERE problem = '' AND NOT known AND events > 0 ORDER BY ALL;
