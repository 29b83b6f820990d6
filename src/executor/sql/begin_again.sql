-- Purpose: a move that was rolled back is migrated again: every object is open again.
-- Parameters: first, last (item_id, the range of the move: reading in the order of the file, without an index).
-- Columns: none.
UPDATE item SET state = 'planned', reason = '', expect = 0, target_generation = NULL, token = NULL, token_at = NULL, after = '',
       after_reason = '', restored_generation = NULL
WHERE item_id BETWEEN :first AND :last AND state <> 'left';
