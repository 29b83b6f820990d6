-- Purpose: which kinds of file lie where, by the latest inventory of a bucket.
-- Parameters: bucket, depth (how many segments of the path are kept).
-- Columns: folder ('' at the root, else it ends with '/'), format (extension in lower case without the dot, '' for none),
-- objects.
SELECT
    regexp_extract(name, '^(?:[^/]*/){0,' || $depth || '}') AS folder,
    lower(regexp_extract(name, '\.([A-Za-z0-9]{1,8})(?:\.(?:gz|zst|bz2))?$', 1)) AS format,
    count(*)::BIGINT AS objects
FROM object
WHERE bucket = $bucket AND NOT ends_with(name, '/')
    AND snapshot_date = (SELECT max(snapshot_date) FROM object WHERE bucket = $bucket)
GROUP BY ALL
ORDER BY ALL;
