-- Purpose: one snapshot of a bucket, the newest without a number.
-- Parameters: bucket, snapshot (BIGINT or NULL).
SELECT snapshot_id, as_of, bucket, settings, coverage_days, coverage_from, coverage_to, location, project, inventory_date,
    evidence_digest
FROM snapshot JOIN snapshot_detail USING (snapshot_id)
WHERE bucket = $bucket AND ($snapshot IS NULL OR snapshot_id = $snapshot)
ORDER BY snapshot_id DESC
LIMIT 1;
