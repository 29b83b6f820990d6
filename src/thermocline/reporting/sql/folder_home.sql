-- Purpose: the subfolder that each folder of the logs and of the inventory belongs to: the longest that contains it.
-- Parameters: bucket, snapshot.
-- Columns: folder, subfolder.
CREATE OR REPLACE TEMP TABLE folder_home AS
WITH folders AS (
    SELECT folder FROM access WHERE bucket = $bucket AND op NOT IN ('list', 'admin')
    UNION
    SELECT folder FROM folder_stats WHERE bucket = $bucket
)
SELECT folder, arg_max(subfolder, length(subfolder)) AS subfolder
FROM folders
JOIN subfolder ON snapshot_id = $snapshot AND (subfolder = '' OR starts_with(folder, subfolder || '/'))
GROUP BY folder;
