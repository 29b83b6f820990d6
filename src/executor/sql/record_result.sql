-- Purpose: the result of one act on one object.
-- Parameters: item_id, state, reason, target_generation, generation, metageneration.
-- Columns: none.
UPDATE item SET state = :state, reason = :reason, target_generation = coalesce(:target_generation, target_generation),
       token = NULL, token_at = NULL
WHERE item_id = :item_id;
