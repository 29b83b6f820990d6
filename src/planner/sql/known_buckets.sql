-- Purpose: buckets that the evidence has seen, with the project that each belongs to.
-- Parameters: none. Columns: bucket, project (NULL where no source says it).
SELECT bucket, max(project) AS project
FROM bucket_info
GROUP BY bucket
ORDER BY bucket;
