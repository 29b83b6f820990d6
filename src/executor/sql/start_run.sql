-- Purpose: a command begins.
-- Parameters: run_id, command, started_at.
-- Columns: none.
INSERT INTO run (run_id, command, started_at) VALUES (:run_id, :command, :started_at);
