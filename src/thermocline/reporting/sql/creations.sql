-- Purpose: bytes that are still there, by the month of their creation and the temperature of their subfolder.
-- Parameters: bucket, snapshot.
-- Needs: folder_home.
-- Columns: month, temperature, bytes.
WITH created AS (
    SELECT regexp_extract(name, '^((?:[^/]*/){0,6})', 1) AS folder, date_trunc('month', created_at)::DATE AS month,
        sum(size)::BIGINT AS bytes
    FROM object
    WHERE bucket = $bucket AND created_at IS NOT NULL
    GROUP BY ALL
)
SELECT month, coalesce(temperature, 'unknown') AS temperature, sum(created.bytes)::BIGINT AS bytes
FROM created
LEFT JOIN folder_home USING (folder)
LEFT JOIN subfolder ON subfolder.snapshot_id = $snapshot AND subfolder.subfolder = folder_home.subfolder
GROUP BY ALL
ORDER BY ALL;
