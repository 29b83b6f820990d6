-- Purpose: a move that was rolled back takes its new definition.
-- Parameters: move_id, digest, source_bucket, target_bucket.
-- Columns: none.
UPDATE move SET digest = :digest, source_bucket = :source_bucket, target_bucket = :target_bucket WHERE move_id = :move_id;
