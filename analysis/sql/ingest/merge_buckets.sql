-- Purpose: one row per bucket out of what several sources said of it; the latest inventory wins, labels of logs fill the gaps.
-- Parameters: none. Columns: those of `bucket_info`.
CREATE OR REPLACE TEMP TABLE merged_bucket AS
SELECT
    bucket,
    max(snapshot_date) AS snapshot_date,
    arg_max(location, coalesce(snapshot_date, DATE '0001-01-01')) FILTER (WHERE location IS NOT NULL) AS location,
    arg_max(storage_class, coalesce(snapshot_date, DATE '0001-01-01')) FILTER (WHERE storage_class IS NOT NULL) AS storage_class,
    arg_max(project, coalesce(snapshot_date, DATE '0001-01-01')) FILTER (WHERE project IS NOT NULL) AS project
FROM bucket_info
GROUP BY bucket;

DELETE FROM bucket_info;

INSERT INTO bucket_info SELECT * FROM merged_bucket ORDER BY bucket;
