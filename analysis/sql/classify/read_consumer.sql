-- Purpose: everybody who uses the subfolders of one snapshot, the busiest first; columns are named like model.ConsumerUse.
-- Parameters: snapshot.
SELECT subfolder, consumer AS name, kind, role, principal, delegation, key_name, agent, job, workload, confidence, events, days,
    objects, bytes, first_at, last_at, files
FROM consumer
WHERE snapshot_id = $snapshot
ORDER BY subfolder, days DESC, events DESC, principal, delegation, key_name, agent, job, role;
