-- Purpose: give a journal (SQLite) fixed times, so that a sample report made from it is always the same.
-- Parameters: started, ended.
UPDATE step SET started_at = :started, ended_at = :ended;
UPDATE move SET verified_at = :ended WHERE verified_at IS NOT NULL
