-- Purpose: the inventory's sums per folder, partition date and storage class.
-- Parameters: snapshot_date, first_file. Columns: those of `folder_stats`.
-- By whole directories first, of which there are few: the six levels, and most dates, are then looked for in those and not in
-- every name.
INSERT INTO folder_stats
WITH placed AS (
    SELECT *, CASE WHEN contains(name, '/') THEN concat(parse_dirpath(name, 'forward_slash'), '/') ELSE '' END AS directory
    FROM object
    WHERE file_id >= $first_file
),
leaf AS (
    SELECT
        bucket,
        directory,
        CASE WHEN may_end_date(substr(name, length(directory) + 1)) THEN date_text_of(name) END AS date_text,
        storage_class,
        count(*) AS objects,
        sum(size) AS bytes,
        count(*) FILTER (WHERE size < 131072) AS small_objects,
        min(created_at) AS created_min,
        max(created_at) AS created_max
    FROM placed
    GROUP BY ALL
)
SELECT
    $snapshot_date AS snapshot_date,
    bucket,
    folder_of(directory) AS folder,
    text_as_date(coalesce(date_text, date_text_of(directory))) AS partition_date,
    coalesce(storage_class, 'UNKNOWN') AS storage_class,
    sum(objects)::BIGINT AS objects,
    coalesce(sum(bytes), 0)::BIGINT AS bytes,
    sum(small_objects)::BIGINT AS small_objects,
    min(created_min) AS created_min,
    max(created_max) AS created_max
FROM leaf
GROUP BY ALL
ORDER BY ALL;
