-- Purpose: how many rows the roll-up will have to take, and whether usage logs are among them.
-- Parameters: bucket, from_day, as_of. Columns: rows, has_usage.
SELECT count(*), coalesce(bool_or(source = 'usage'), false)
FROM access WHERE bucket = $bucket AND day BETWEEN $from_day AND $as_of;
