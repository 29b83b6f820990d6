-- Purpose: what a cleanup or a rollback does with one object.
-- Parameters: item_id, after, after_reason, restored_generation.
-- Columns: none.
UPDATE item SET after = :after, after_reason = :after_reason,
       restored_generation = coalesce(:restored_generation, restored_generation)
WHERE item_id = :item_id;
