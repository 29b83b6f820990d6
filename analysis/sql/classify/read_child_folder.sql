-- Purpose: folders directly below the subfolders of one snapshot, the heaviest first.
-- Parameters: snapshot.
SELECT subfolder, name, objects, bytes FROM child_folder WHERE snapshot_id = $snapshot ORDER BY subfolder, bytes DESC, name;
