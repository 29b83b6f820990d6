-- Purpose: a command ends.
-- Parameters: run_id, ended_at, outcome.
-- Columns: none.
UPDATE run SET ended_at = :ended_at, outcome = :outcome WHERE run_id = :run_id;
