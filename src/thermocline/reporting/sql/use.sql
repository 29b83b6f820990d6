-- Purpose: what counts as use, by the exclusions that verdicts are made with: no copies, no refused or missing calls, no polling
--   of one object, none of the identities that the analysis found to be maintenance or ourselves.
-- Parameters: bucket, snapshot, first, last, poll_repeats, poll_repeats_sole_object, poll_minutes.
-- Needs: folder_home.
-- Columns: subfolder, day, partition_date, op (read, write or delete), events.
CREATE OR REPLACE TEMP TABLE use AS
WITH calls AS (
    SELECT folder, partition_date, day, principal, delegation, key_name, agent, job, op,
        sum(events) AS events,
        min(object_min) = max(object_max) AS one_object,
        date_diff('minute', min(first_at), max(last_at)) AS minutes
    FROM access
    WHERE bucket = $bucket AND day BETWEEN $first AND $last
        AND op IN ('read', 'write', 'delete') AND outcome = 'ok' AND copied_to = ''
    GROUP BY ALL
),
aside AS (
    SELECT DISTINCT principal, agent FROM consumer
    WHERE snapshot_id = $snapshot AND kind IN ('maintenance', 'ourselves')
),
held AS (
    SELECT subfolder, objects FROM subfolder WHERE snapshot_id = $snapshot
)
SELECT subfolder, day, partition_date, op, sum(events)::BIGINT AS events
FROM calls
JOIN folder_home USING (folder)
JOIN held USING (subfolder)
ANTI JOIN aside USING (principal, agent)
WHERE NOT (
    op = 'read' AND one_object IS TRUE
    AND calls.events >= CASE WHEN held.objects > 1 THEN $poll_repeats ELSE $poll_repeats_sole_object END
    AND minutes <= $poll_minutes * (calls.events - 1)
)
GROUP BY ALL;
