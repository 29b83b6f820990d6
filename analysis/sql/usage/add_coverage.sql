-- Purpose: which days the usage log speaks of.
-- Parameters: none. Columns: those of `coverage`.
INSERT INTO coverage
SELECT day, bucket, 'usage' AS log_type, count(*) AS events FROM request WHERE NOT repeated GROUP BY ALL ORDER BY ALL;
