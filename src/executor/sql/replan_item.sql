-- Purpose: the source's metadata changed after the copy; copy it again over our own copy if it would look different.
-- Parameters: item_id, wanted, metageneration (unused here).
-- Columns: none.
UPDATE item SET state = 'planned', expect = coalesce(target_generation, expect), reason = ''
WHERE item_id = :item_id AND wanted <> :wanted AND state <> 'left';
