-- Purpose: objects and bytes by state.
-- Parameters: move_id.
-- Columns: state, objects, bytes.
SELECT state, count(*) AS objects, sum(size) AS bytes FROM item WHERE move_id = :move_id GROUP BY state;
