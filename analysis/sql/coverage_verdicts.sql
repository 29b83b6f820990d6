-- Purpose: subfolders of the latest analysis whose verdict rests on what a log did not say: a gap in it may hide the contrary.
-- Parameters: bucket. Columns: log_type, subfolder, verdict.
SELECT 'data_read' AS log_type, subfolder, temperature AS verdict
FROM v_subfolder
WHERE bucket = $bucket AND temperature IN ('warm', 'cold', 'unknown')
UNION ALL
SELECT 'data_write', subfolder, concat('not written, ', pattern)
FROM v_subfolder
WHERE bucket = $bucket AND write_days = 0
ORDER BY ALL;
