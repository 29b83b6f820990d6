-- Purpose: what kinds of file lie below one prefix.
-- Parameters: bucket, snapshot, prefix, prefix_end (the first name behind the prefix).
-- Columns: extension (lower case, without the dot), objects, bytes.
SELECT lower(regexp_extract(name, '\.([A-Za-z0-9]{1,8})(?:\.(?:gz|zst|bz2))?$', 1)) AS extension,
    count(*)::BIGINT AS objects, sum(size)::BIGINT AS bytes
FROM object
WHERE bucket = $bucket AND snapshot_date = $snapshot AND name >= $prefix AND name < $prefix_end AND NOT ends_with(name, '/')
GROUP BY ALL
ORDER BY objects DESC, extension;
