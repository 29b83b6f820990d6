-- Purpose: the source changed its metadata before it was copied.
-- Parameters: item_id, metageneration, wanted.
-- Columns: none.
UPDATE item SET metageneration = :metageneration, wanted = :wanted, token = NULL, token_at = NULL WHERE item_id = :item_id;
