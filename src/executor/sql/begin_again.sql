-- Purpose: a move that was rolled back is migrated again: every object is open again.
-- Parameters: move_id.
-- Columns: none.
UPDATE item SET state = 'planned', reason = '', expect = 0, target_generation = NULL, token = NULL, token_at = NULL, after = '',
       after_reason = '', restored_generation = NULL
WHERE move_id = :move_id AND state <> 'left';
