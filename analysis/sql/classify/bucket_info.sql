-- Purpose: where the bucket lies and whose it is, from the newest source that knows.
-- Parameters: bucket. Columns: location, project.
SELECT arg_max(location, coalesce(snapshot_date, DATE '1970-01-01')) FILTER (location IS NOT NULL),
    arg_max(project, coalesce(snapshot_date, DATE '1970-01-01')) FILTER (project IS NOT NULL)
FROM bucket_info WHERE bucket = $bucket;
