-- Purpose: buckets that have been analysed.
-- Parameters: none. Columns: bucket.
SELECT DISTINCT bucket FROM snapshot ORDER BY 1;
