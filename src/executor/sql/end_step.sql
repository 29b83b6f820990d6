-- Purpose: the result of an act.
-- Parameters: step_id, state, ended_at, detail.
-- Columns: none.
UPDATE step SET state = :state, ended_at = :ended_at, detail = :detail WHERE step_id = :step_id;
