-- Purpose: which folders of a bucket the logs saw in use, and how. Parameters: bucket.
-- Columns: bucket, folder, op.
SELECT DISTINCT bucket, folder, op FROM access WHERE bucket = $bucket AND outcome = 'ok' ORDER BY ALL;
