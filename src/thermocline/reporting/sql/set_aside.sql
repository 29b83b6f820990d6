-- Purpose: identities whose calls set no temperature.
-- Parameters: snapshot.
-- Columns: consumer, kind, subfolders, events.
SELECT consumer, any_value(kind ORDER BY kind) AS kind, count(DISTINCT subfolder)::INTEGER AS subfolders, sum(events)::BIGINT AS events
FROM consumer
WHERE snapshot_id = $snapshot AND kind IN ('maintenance', 'ourselves')
GROUP BY consumer
ORDER BY events DESC, consumer;
