-- Purpose: the rows that are new into `access`.
-- Parameters: key (of pseudonyms; may be NULL). Columns: those of `access`.
INSERT INTO access
SELECT
    bucket,
    folder,
    partition_date,
    day,
    shown_identity(principal, $key) AS principal,
    array_to_string(list_transform(string_split(delegation, ','), lambda d: shown_identity(d, $key)), ',') AS delegation,
    key_name,
    agent,
    job,
    op,
    outcome,
    copied_to,
    'audit' AS source,
    sum(events)::BIGINT AS events,
    sum(objects)::BIGINT AS objects,
    min(lower_bound_of(least_name, greatest_name)) AS object_min,
    max(upper_bound_of(least_name, greatest_name)) AS object_max,
    NULL AS bytes,
    date_trunc('second', min(first_at)) AS first_at,
    date_trunc('second', max(last_at)) AS last_at
FROM rolled
WHERE problem = '' AND NOT known AND events > 0
GROUP BY ALL
ORDER BY ALL;
