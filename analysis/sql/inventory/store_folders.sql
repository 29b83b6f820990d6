-- Purpose: add the inventory's sums per folder, partition date and storage class.
-- Parameters: snapshot_date. Columns: those of `folder_stats`.
INSERT INTO folder_stats
SELECT
    $snapshot_date AS snapshot_date,
    bucket,
    folder_of(name) AS folder,
    text_as_date(date_text_of(name)) AS partition_date,
    coalesce(storage_class, 'UNKNOWN') AS storage_class,
    count(*) AS objects,
    coalesce(sum(size), 0) AS bytes,
    count(*) FILTER (WHERE size < 131072) AS small_objects,
    min(created_at) AS created_min,
    max(created_at) AS created_max
FROM listed AS l ANTI JOIN repeated AS r ON r.row_id = l.rowid
WHERE problem = '' AND NOT gone
GROUP BY ALL
ORDER BY ALL;
