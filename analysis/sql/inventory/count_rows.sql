-- Purpose: the ledger of an inventory, per file.
-- Parameters: none. Columns: file_id, rows, kept, duplicates, rejected, gone.
SELECT
    file_id,
    count(*) AS rows,
    count(*) FILTER (WHERE problem = '' AND NOT gone AND row_id IS NULL) AS kept,
    count(*) FILTER (WHERE problem = '' AND NOT gone AND row_id IS NOT NULL) AS duplicates,
    count(*) FILTER (WHERE problem <> '') AS rejected,
    count(*) FILTER (WHERE problem = '' AND gone) AS gone
FROM (SELECT l.file_id, l.problem, l.gone, r.row_id FROM listed AS l LEFT JOIN repeated AS r ON r.row_id = l.rowid)
GROUP BY file_id;
