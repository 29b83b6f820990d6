-- Purpose: a move begins.
-- Parameters: use_case, phase, digest, source_bucket, target_bucket, state.
-- Columns: none.
INSERT INTO move (use_case, phase, digest, source_bucket, target_bucket, state)
VALUES (:use_case, :phase, :digest, :source_bucket, :target_bucket, :state);
