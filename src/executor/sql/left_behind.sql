-- Purpose: what stays, by reason, with an example.
-- Parameters: first, last (item_id, the range of the move: reading in the order of the file, without an index).
-- Columns: reason, objects, bytes, example.
SELECT reason, count(*) AS objects, sum(size) AS bytes, min(source) AS example
FROM item WHERE item_id BETWEEN :first AND :last AND state = 'left' GROUP BY reason ORDER BY objects DESC;
