-- Purpose: drop objects of older inventories of the buckets that the new one speaks of.
-- Parameters: snapshot_date. Columns: none.
DELETE FROM object WHERE snapshot_date < $snapshot_date AND bucket IN (SELECT DISTINCT bucket FROM listed WHERE problem = '');
