-- Purpose: what each inventory of a bucket summed up to.
-- Parameters: bucket.
-- Columns: snapshot_date, objects, bytes.
SELECT snapshot_date, objects, bytes FROM v_inventory WHERE bucket = $bucket ORDER BY snapshot_date;
