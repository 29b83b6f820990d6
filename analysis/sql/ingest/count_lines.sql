-- Purpose: the ledger of the batch, per file.
-- Parameters: none. Columns: file_id, lines, kept, duplicates, rejected, not_storage, first_event_at, last_event_at.
SELECT
    b.file_id,
    count(e.file_id) AS lines,
    count(*) FILTER (WHERE e.problem = '' AND r.row_id IS NULL) AS kept,
    count(*) FILTER (WHERE e.problem = '' AND r.row_id IS NOT NULL) AS duplicates,
    count(*) FILTER (WHERE e.problem NOT IN ('', 'not storage')) AS rejected,
    count(*) FILTER (WHERE e.problem = 'not storage') AS not_storage,
    min(e.event_at) FILTER (WHERE e.problem = '') AS first_event_at,
    max(e.event_at) FILTER (WHERE e.problem = '') AS last_event_at
FROM batch_file AS b
LEFT JOIN event AS e ON e.file_id = b.file_id
LEFT JOIN repeated AS r ON r.row_id = e.rowid
GROUP BY b.file_id
ORDER BY b.file_id;
