-- Purpose: lines that name the subfolders of one snapshot; columns are named like model.CodeSite.
-- Parameters: snapshot.
SELECT subfolder, file, line, role, prefix, kind, via, workload
FROM code_site WHERE snapshot_id = $snapshot ORDER BY subfolder, file, line, role, prefix, via;
