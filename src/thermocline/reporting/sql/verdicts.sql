-- Purpose: what one analysis says of each subfolder.
-- Parameters: snapshot.
-- Columns: as the fields of thermocline.reporting.facts.Verdict.
SELECT subfolder, objects, bytes, temperature, isolation, pattern, coalesce(assessment, '') AS assessment,
    last_read_at, last_write_at, coalesce(read_days_30, 0) AS read_days_30, coalesce(write_days_30, 0) AS write_days_30,
    coalesce(read_events, 0) AS read_events, coalesce(write_events, 0) AS write_events,
    coalesce(reasons, []) AS reasons, list_sort(coalesce(flags, [])) AS flags
FROM subfolder
WHERE snapshot_id = $snapshot
ORDER BY subfolder;
