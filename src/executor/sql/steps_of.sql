-- Purpose: the acts of a move.
-- Parameters: move_id.
-- Columns: step_id, run_id, kind, state, started_at, ended_at, detail.
SELECT step_id, run_id, kind, state, started_at, ended_at, detail FROM step WHERE move_id = :move_id ORDER BY step_id;
