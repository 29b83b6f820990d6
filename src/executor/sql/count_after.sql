-- Purpose: objects and bytes by what happened after verification.
-- Parameters: move_id.
-- Columns: after, objects, bytes.
SELECT after, count(*) AS objects, sum(size) AS bytes FROM item WHERE move_id = :move_id AND after <> '' GROUP BY after;
