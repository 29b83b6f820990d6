-- Purpose: the consumers of every subfolder in one analysis, for comparing two of them.
-- Parameters: snapshot.
-- Columns: subfolder, consumer, role.
SELECT DISTINCT subfolder, consumer, role
FROM consumer
WHERE snapshot_id = $snapshot AND kind NOT IN ('maintenance', 'ourselves') AND role IN ('reader', 'writer')
ORDER BY ALL;
