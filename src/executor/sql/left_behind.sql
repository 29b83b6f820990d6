-- Purpose: what stays, by reason, with an example.
-- Parameters: move_id.
-- Columns: reason, objects, bytes, example.
SELECT reason, count(*) AS objects, sum(size) AS bytes, min(source) AS example
FROM item WHERE move_id = :move_id AND state = 'left' GROUP BY reason ORDER BY objects DESC;
