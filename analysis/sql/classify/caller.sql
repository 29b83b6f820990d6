-- Purpose: consumers by number, to join with.
-- Parameters: callers (JSON array). Columns: identity_id, consumer_id.
CREATE OR REPLACE TEMP TABLE caller AS
SELECT unnest(from_json($callers, '[{"identity_id": "UBIGINT", "consumer_id": "INTEGER"}]'), recursive := true);
