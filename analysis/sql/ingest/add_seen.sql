-- Purpose: remember the batch's new events, so that they are known again.
-- Parameters: none. Columns: those of `seen`.
INSERT INTO seen
SELECT l.day, e.hash
FROM event_id AS e
JOIN line_sum AS l ON l.rowid = e.sum_id
ANTI JOIN repeated AS r ON r.row_id = e.rowid
ORDER BY l.day, e.hash;
