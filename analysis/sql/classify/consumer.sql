-- Purpose: the verdicts on identities, as tables to join with.
-- Parameters: callers, consumers (JSON arrays).
-- Columns of caller: identity_id, consumer_id. Columns of known_consumer: consumer_id, kind.
CREATE OR REPLACE TEMP TABLE caller AS
SELECT unnest(from_json($callers, '[{"identity_id": "UBIGINT", "consumer_id": "INTEGER"}]'), recursive := true);

CREATE OR REPLACE TEMP TABLE known_consumer AS
SELECT unnest(from_json($consumers, '[{"consumer_id": "INTEGER", "kind": "VARCHAR"}]'), recursive := true);
