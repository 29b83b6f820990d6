-- Purpose: sum the new requests into `access`, marked as coming from usage logs: where audit logs cover the same place and day,
--   they add bytes and no accesses.
-- Parameters: none. Columns: those of `access`.
INSERT INTO access
WITH summed AS (
    SELECT
        bucket, folder, partition_date, day, agent, op, outcome,
        count(*) AS events,
        count(DISTINCT object_name) AS objects,
        md5_number_upper(min(object_name)) AS one_end,
        md5_number_upper(max(object_name)) AS other_end,
        sum(bytes)::BIGINT AS bytes,
        min(event_at) AS first_at,
        max(event_at) AS last_at
    FROM request
    WHERE NOT repeated
    GROUP BY ALL
)
SELECT
    bucket, folder, partition_date, day, '' AS principal, '' AS delegation, '' AS key_name, agent, '' AS job, op, outcome,
    '' AS copied_to, 'usage' AS source, events, objects, least(one_end, other_end) AS object_min,
    greatest(one_end, other_end) AS object_max, bytes, first_at, last_at
FROM summed
ORDER BY ALL;
