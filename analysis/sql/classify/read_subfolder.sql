-- Purpose: the subfolders of one snapshot with their verdicts; columns are named like the fields of model.Subfolder.
-- Parameters: snapshot.
SELECT subfolder AS name, prefix, template, objects, bytes, small_objects, created_min, created_max, temperature,
    temperature_confidence, isolation, pattern, assessment, last_read_at, last_write_at, read_days_30, write_days_30, read_days,
    write_days, read_events, write_events, coverage_days, hot_until_age_days, reasons, flags, isolation_breakers, excludes, read_bytes
FROM subfolder JOIN subfolder_detail USING (snapshot_id, subfolder)
WHERE snapshot_id = $snapshot
ORDER BY subfolder;
