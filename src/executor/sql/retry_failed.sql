-- Purpose: a new run tries failed objects again, and may replace only the copy that we wrote ourselves.
-- Parameters: move_id.
-- Columns: none.
UPDATE item SET state = 'planned', expect = coalesce(target_generation, expect), reason = ''
WHERE move_id = :move_id AND state IN ('failed', 'conflict');
