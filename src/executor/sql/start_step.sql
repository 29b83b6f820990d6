-- Purpose: an act is about to happen.
-- Parameters: move_id, run_id, kind, started_at, detail.
-- Columns: none.
INSERT INTO step (move_id, run_id, kind, state, started_at, detail)
VALUES (:move_id, :run_id, :kind, 'started', :started_at, :detail);
