-- Purpose: the ledger of the batch, per file.
-- Parameters: files (their numbers). Columns: file_id, lines, kept, duplicates, rejected, not_storage, first_event_at, last_event_at.
WITH counted AS (
    SELECT l.*, CASE WHEN l.problem = '' THEN coalesce(r.events, l.events) ELSE 0 END AS fresh
    FROM line_sum AS l LEFT JOIN recount AS r ON r.sum_id = l.rowid
)
SELECT
    b.file_id,
    coalesce(sum(c.events), 0)::BIGINT AS lines,
    coalesce(sum(c.fresh), 0)::BIGINT AS kept,
    coalesce(sum(c.events - c.fresh) FILTER (c.problem = ''), 0)::BIGINT AS duplicates,
    coalesce(sum(c.events) FILTER (c.problem NOT IN ('', 'not storage')), 0)::BIGINT AS rejected,
    coalesce(sum(c.events) FILTER (c.problem = 'not storage'), 0)::BIGINT AS not_storage,
    min(c.first_at) FILTER (c.problem = '') AS first_event_at,
    max(c.last_at) FILTER (c.problem = '') AS last_event_at
FROM (SELECT unnest($files::BIGINT[]) AS file_id) AS b
LEFT JOIN counted AS c ON c.file_id = b.file_id
GROUP BY b.file_id
ORDER BY b.file_id;
