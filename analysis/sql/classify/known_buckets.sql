-- Purpose: every bucket that a log or an inventory speaks of.
-- Parameters: none. Columns: bucket.
SELECT DISTINCT bucket FROM folder_stats UNION SELECT DISTINCT bucket FROM coverage WHERE bucket <> '' ORDER BY 1;
