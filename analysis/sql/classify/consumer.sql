-- Purpose: the verdicts on consumers, to join with.
-- Parameters: consumers (JSON array). Columns: consumer_id, kind, suspect (may be a scanner).
CREATE OR REPLACE TEMP TABLE known_consumer AS
SELECT unnest(from_json($consumers, '[{"consumer_id": "INTEGER", "kind": "VARCHAR", "suspect": "BOOLEAN"}]'), recursive := true);
