-- Purpose: rows that belong to nothing: rejects without their file, verdicts without their snapshot.
-- Parameters: none. Columns: what, rows.
SELECT 'rejected lines without their file' AS what, count(*) AS rows
FROM reject ANTI JOIN evidence_file USING (file_id)
UNION ALL
SELECT 'verdicts without their snapshot', count(*) FROM subfolder ANTI JOIN snapshot USING (snapshot_id)
UNION ALL
-- Whoever lists the bucket as a whole belongs to no subfolder and stands under '*'.
SELECT 'consumers without their verdict', count(*)
FROM consumer ANTI JOIN subfolder USING (snapshot_id, subfolder)
WHERE subfolder <> '*';
