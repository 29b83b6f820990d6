-- Purpose: sum the new requests into `access`, marked as coming from usage logs: where audit logs cover the same place and day,
--   they add bytes and no accesses.
-- Parameters: none. Columns: those of `access`.
INSERT INTO access
WITH summed AS (
    SELECT
        bucket, folder, partition_date, day, agent, op, outcome,
        count(*) AS events,
        count(DISTINCT object_name) AS objects,
        lower_bound_of(min(object_name), max(object_name)) AS object_min,
        upper_bound_of(min(object_name), max(object_name)) AS object_max,
        sum(bytes)::BIGINT AS bytes,
        min(event_at) AS first_at,
        max(event_at) AS last_at
    FROM request
    WHERE NOT repeated
    GROUP BY ALL
)
SELECT
    bucket, folder, partition_date, day, '' AS principal, '' AS delegation, '' AS key_name, agent, '' AS job, op, outcome,
    '' AS copied_to, 'usage' AS source, events, objects, object_min, object_max, bytes,
    date_trunc('second', first_at) AS first_at, date_trunc('second', last_at) AS last_at
FROM summed
ORDER BY ALL;
