-- Purpose: a newer generation of the source takes the place of this one.
-- Parameters: item_id, reason.
-- Columns: none.
UPDATE item SET state = 'skipped', reason = :reason WHERE item_id = :item_id AND state <> 'left';
