-- Purpose: rows that no run of ours can have written.
-- Parameters: none.
-- Columns: problem, rows.
SELECT 'objects of a move that the journal does not have' AS problem, count(*) AS rows
FROM item WHERE move_id NOT IN (SELECT move_id FROM move)
UNION ALL
SELECT 'objects deleted although they were never verified', count(*)
FROM item WHERE after IN ('deleting', 'deleted') AND state <> 'verified'
UNION ALL
SELECT 'verified objects without the generation of their copy', count(*)
FROM item WHERE state = 'verified' AND target_generation IS NULL
UNION ALL
SELECT 'moves called verified that still hold unfinished objects', count(DISTINCT move_id)
FROM item JOIN move USING (move_id)
WHERE move.state IN ('verified', 'quiet', 'cleaning', 'cleaned') AND item.state IN ('planned', 'started', 'copied')
UNION ALL
SELECT 'acts of a run that the journal does not have', count(*)
FROM step WHERE run_id NOT IN (SELECT run_id FROM run);
