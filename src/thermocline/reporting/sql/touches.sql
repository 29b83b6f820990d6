-- Purpose: who touches what, apart from maintenance and ourselves.
-- Parameters: snapshot.
-- Columns: consumer, kind, subfolder, role, days, events.
SELECT consumer, any_value(kind ORDER BY kind) AS kind, subfolder, role, max(days)::INTEGER AS days, sum(events)::BIGINT AS events
FROM consumer
WHERE snapshot_id = $snapshot AND kind NOT IN ('maintenance', 'ourselves') AND role IN ('reader', 'writer', 'deleter')
GROUP BY consumer, subfolder, role
ORDER BY consumer, subfolder, role;
