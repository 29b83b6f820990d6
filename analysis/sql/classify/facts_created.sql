-- Purpose: a lower bound of the objects created on days that the write logs cover, to hold against the logged writes.
--   Of a row whose creation times reach outside the covered days only the newest object is sure to lie inside.
-- Parameters: bucket, snapshot, covered (DATE[], the days with write logs).
-- Columns: prefix, created.
WITH covered AS (SELECT unnest($covered::DATE[]) AS day),
span AS (SELECT min(day) AS first, max(day) AS last FROM covered),
gap AS (
    SELECT day FROM (SELECT unnest(generate_series(first, last, INTERVAL 1 DAY))::DATE AS day FROM span)
    ANTI JOIN covered USING (day)
),
stats AS (
    SELECT hash(folder) AS key, objects, created_min::DATE AS oldest, created_max::DATE AS newest
    FROM folder_stats
    WHERE bucket = $bucket AND snapshot_date = $snapshot
)
SELECT prefix,
    sum(CASE
        WHEN oldest >= span.first AND newest <= span.last AND NOT EXISTS (SELECT 1 FROM gap WHERE gap.day BETWEEN oldest AND newest)
            THEN objects
        WHEN newest IN (SELECT day FROM covered) THEN 1
        ELSE 0 END)::BIGINT AS created
FROM stats JOIN subfolder_key USING (key), span
GROUP BY prefix;
