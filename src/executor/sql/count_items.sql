-- Purpose: objects and bytes by state.
-- Parameters: first, last (item_id, the range of the move: reading in the order of the file, without an index).
-- Columns: state, objects, bytes.
SELECT state, count(*) AS objects, sum(size) AS bytes FROM item WHERE item_id BETWEEN :first AND :last GROUP BY state;
