-- Purpose: remember the batch's new events, so that they are known again.
-- Parameters: none. Columns: those of `seen`.
INSERT INTO seen
SELECT event_at::DATE AS day, hash
FROM event ANTI JOIN repeated AS r ON r.row_id = event.rowid
WHERE problem = ''
ORDER BY day, hash;
