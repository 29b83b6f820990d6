-- Purpose: a copy that another engine brought is to be replaced by one of ours, and nothing but that very copy.
-- Parameters: item_id, target_generation.
-- Columns: none.
UPDATE item SET state = 'planned', reason = '', expect = :target_generation, target_generation = :target_generation
WHERE item_id = :item_id;
