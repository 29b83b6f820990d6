-- Purpose: the ledger of usage logs, per file.
-- Parameters: none. Columns: file, kept, duplicates, first_event_at, last_event_at.
SELECT file, count(*) FILTER (WHERE NOT repeated) AS kept, count(*) FILTER (WHERE repeated) AS duplicates, min(event_at), max(event_at)
FROM request
GROUP BY file;
