-- Purpose: drop the rejected lines of files that the ledger has forgotten.
-- Parameters: none. Columns: none.
DELETE FROM reject WHERE file_id NOT IN (SELECT file_id FROM evidence_file);
