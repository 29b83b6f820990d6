-- Purpose: sum the batch's new events into `access`.
-- Parameters: none. Columns: those of `access`.
-- The bounds are hashes of the smallest and the largest name: equal exactly when one single object is concerned, also after
-- rows are merged. Sorted by place and day, which is what compresses best and what queries ask for.
INSERT INTO access
WITH summed AS (
    SELECT
        bucket, folder, partition_date, day, principal, delegation, key_name, agent, job, op, outcome, copied_to,
        count(*) AS events,
        len(list_distinct(list(hash(object_name)))) AS objects,
        md5_number_upper(min(object_name)) AS one_end,
        md5_number_upper(max(object_name)) AS other_end,
        min(event_at) AS first_at,
        max(event_at) AS last_at
    FROM judged
    GROUP BY ALL
)
SELECT
    bucket, folder, partition_date, day, principal, delegation, key_name, agent, job, op, outcome, copied_to,
    'audit' AS source,
    events,
    objects,
    least(one_end, other_end) AS object_min,
    greatest(one_end, other_end) AS object_max,
    NULL AS bytes,
    first_at,
    last_at
FROM summed
ORDER BY ALL;
