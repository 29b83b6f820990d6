-- Purpose: a source name that splits a move into ranges.
-- Parameters: move_id, offset.
-- Columns: source.
SELECT source FROM item WHERE move_id = :move_id ORDER BY source LIMIT 1 OFFSET :offset;
