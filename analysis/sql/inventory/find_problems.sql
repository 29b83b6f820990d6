-- Purpose: number, reason and text of the rows of a report file that could be read but not used.
-- Parameters: bucket. Columns: number (from 1, without the header), problem, text.
SELECT
    number,
    CASE
        WHEN coalesce(name, '') = '' THEN 'no name'
        WHEN coalesce(bucket, $bucket, '') = '' THEN 'no bucket'
        WHEN size <> '' AND try_cast(size AS BIGINT) IS NULL THEN 'bad size'
        WHEN generation <> '' AND try_cast(generation AS BIGINT) IS NULL THEN 'bad generation'
        ELSE 'bad time'
    END AS problem,
    concat_ws(',', bucket, name, size, generation, timecreated) AS text
FROM (SELECT row_number() OVER () AS number, * FROM report_row)
WHERE coalesce(name, '') = ''
    OR coalesce(bucket, $bucket, '') = ''
    OR (size <> '' AND try_cast(size AS BIGINT) IS NULL)
    OR (generation <> '' AND try_cast(generation AS BIGINT) IS NULL)
    OR (timecreated <> '' AND try_cast(timecreated AS TIMESTAMP) IS NULL)
ORDER BY number;
