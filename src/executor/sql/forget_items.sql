-- Purpose: a move that was rolled back is planned differently: what was listed for the old definition is void.
-- Parameters: first, last (item_id, the range of the move).
-- Columns: none.
DELETE FROM item WHERE item_id BETWEEN :first AND :last;
