-- Purpose: the rules behind the verdicts of one snapshot, in the order they were applied.
-- Parameters: snapshot.
SELECT subfolder, verdict, rule, sentence FROM verdict_reason WHERE snapshot_id = $snapshot ORDER BY rowid;
