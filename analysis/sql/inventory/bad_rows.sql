-- Purpose: number, reason and text of the rows of a report file that could be read but not used.
-- Parameters: bucket. Columns: number (of those that could be read, from 1), problem, text.
SELECT number, problem, concat_ws(',', bucket, name, size, generation, timecreated) AS text
FROM (
    SELECT
        row_number() OVER () AS number,
        *,
        CASE
            WHEN coalesce(name, '') = '' THEN 'no name'
            WHEN coalesce(bucket, $bucket, '') = '' THEN 'no bucket'
            ELSE bad
        END AS problem
    FROM report_row
)
WHERE problem <> ''
ORDER BY number;
