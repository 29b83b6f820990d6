-- Purpose: buckets that an inventory speaks of.
-- Parameters: none. Columns: bucket.
SELECT DISTINCT bucket FROM folder_stats ORDER BY 1;
