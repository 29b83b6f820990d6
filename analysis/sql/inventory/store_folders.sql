-- Purpose: the inventory's sums per folder, partition date and storage class.
-- Parameters: snapshot_date, first_file. Columns: those of `folder_stats`.
-- By whole directories first, of which there are few: the six levels are then cut from those and not from every name.
INSERT INTO folder_stats
WITH leaf AS (
    SELECT
        bucket,
        parse_dirpath(name, 'forward_slash') AS directory,
        contains(name, '/') AS below_root,
        date_text_of(name) AS date_text,
        storage_class,
        count(*) AS objects,
        sum(size) AS bytes,
        count(*) FILTER (WHERE size < 131072) AS small_objects,
        min(created_at) AS created_min,
        max(created_at) AS created_max
    FROM object
    WHERE file_id >= $first_file
    GROUP BY ALL
)
SELECT
    $snapshot_date AS snapshot_date,
    bucket,
    CASE WHEN below_root THEN folder_of(concat(directory, '/')) ELSE '' END AS folder,
    text_as_date(date_text) AS partition_date,
    coalesce(storage_class, 'UNKNOWN') AS storage_class,
    sum(objects)::BIGINT AS objects,
    coalesce(sum(bytes), 0)::BIGINT AS bytes,
    sum(small_objects)::BIGINT AS small_objects,
    min(created_min) AS created_min,
    max(created_max) AS created_max
FROM leaf
GROUP BY ALL
ORDER BY ALL;
