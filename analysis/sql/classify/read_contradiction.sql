-- Purpose: what disagrees, in one snapshot.
-- Parameters: snapshot.
SELECT kind, coalesce(subfolder, '') AS subfolder, message, evidence
FROM contradiction WHERE snapshot_id = $snapshot ORDER BY subfolder, kind, message;
