-- Purpose: names that two moves into one bucket would both write; INTERSECT sorts both sides, a join would compare all pairs.
-- Parameters: first, last, other_first, other_last (item_id, the ranges of both moves).
-- Columns: target that both would write.
SELECT target FROM item WHERE item_id BETWEEN :first AND :last AND state <> 'left'
INTERSECT
SELECT target FROM item WHERE item_id BETWEEN :other_first AND :other_last AND state <> 'left'
LIMIT 5;
