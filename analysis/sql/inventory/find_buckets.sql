-- Purpose: the buckets that the new inventory speaks of.
-- Parameters: first_file. Columns: snapshot_date, bucket, first_file.
CREATE OR REPLACE TEMP TABLE fresh_bucket AS
SELECT DISTINCT snapshot_date, bucket, $first_file AS first_file FROM object WHERE file_id >= $first_file AND problem = '';
