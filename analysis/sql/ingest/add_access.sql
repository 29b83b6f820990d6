-- Purpose: the batch's sums into `access`.
-- Parameters: none. Columns: those of `access`.
-- Times are kept to the second, which costs a quarter of the space of microseconds. Sorted by place and day, which is what compresses best and what queries ask for.
INSERT INTO access
SELECT
    bucket, folder, text_as_date(date_text) AS partition_date, day, principal, delegation, key_name, agent, job, op, outcome, copied_to,
    'audit' AS source,
    events,
    objects,
    lower_bound_of(only_name, only_name) AS object_min,
    upper_bound_of(only_name, only_name) AS object_max,
    NULL AS bytes,
    date_trunc('second', first_at) AS first_at,
    date_trunc('second', last_at) AS last_at
FROM summed
ORDER BY ALL;
