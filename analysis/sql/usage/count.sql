-- Purpose: the ledger of one usage log.
-- Parameters: none. Columns: kept, duplicates, first_event_at, last_event_at.
SELECT count(*) FILTER (WHERE NOT repeated), count(*) FILTER (WHERE repeated), min(event_at), max(event_at) FROM request;
