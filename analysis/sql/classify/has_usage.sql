-- Purpose: whether usage logs are among the evidence.
-- Parameters: bucket. Columns: one boolean.
SELECT EXISTS (SELECT 1 FROM access WHERE bucket = $bucket AND source = 'usage');
