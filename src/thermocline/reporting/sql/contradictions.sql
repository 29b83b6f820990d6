-- Purpose: where code, logs and documents disagree.
-- Parameters: snapshot.
-- Columns: kind, subfolder, message, evidence.
SELECT kind, coalesce(subfolder, '') AS subfolder, message, coalesce(evidence, []) AS evidence
FROM contradiction
WHERE snapshot_id = $snapshot
ORDER BY ALL;
