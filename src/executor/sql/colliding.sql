-- Purpose: names that two moves into one bucket would both write.
-- Parameters: a, b (move_id).
-- Columns: source of a, target that both would write.
SELECT x.source, y.target FROM item AS y
JOIN item AS x ON x.move_id = :a AND x.target = y.target AND x.state <> 'left'
WHERE y.move_id = :b AND y.state <> 'left'
LIMIT 5;
