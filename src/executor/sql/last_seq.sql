-- Purpose: the highest item_id of a move.
-- Parameters: first, last (item_id range).
-- Columns: item_id or null.
SELECT max(item_id) FROM item WHERE item_id BETWEEN :first AND :last;
