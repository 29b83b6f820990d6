-- Purpose: objects and bytes by what happened after verification.
-- Parameters: first, last (item_id, the range of the move: reading in the order of the file, without an index).
-- Columns: after, objects, bytes.
SELECT after, count(*) AS objects, sum(size) AS bytes FROM item WHERE item_id BETWEEN :first AND :last AND after <> '' GROUP BY after;
