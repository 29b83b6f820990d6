-- Purpose: the batch's sums into `access`.
-- Parameters: none. Columns: those of `access`.
-- The bounds are hashes of the smallest and the largest name: equal exactly when one single object is concerned, also after
-- rows are merged. Sorted by place and day, which is what compresses best and what queries ask for.
INSERT INTO access
SELECT
    bucket, folder, text_as_date(date_text) AS partition_date, day, principal, delegation, key_name, agent, job, op, outcome, copied_to,
    'audit' AS source,
    events,
    objects,
    least(md5_number_upper(least_name), md5_number_upper(greatest_name)) AS object_min,
    greatest(md5_number_upper(least_name), md5_number_upper(greatest_name)) AS object_max,
    NULL AS bytes,
    first_at,
    last_at
FROM summed
ORDER BY ALL;
