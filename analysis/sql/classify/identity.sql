-- Purpose: everybody who called, with what tells scanners from users: of how many top-level folders they have read half of the
--   objects or more. Job names are folded like folders, because Beam puts a new number into each run's name.
-- Parameters: bucket, from_day, to_day. Needs: known_folder.
-- Columns: identity_id (hash of the raw key), principal, delegation, key_name, agent, job (folded), reads, objects, tops,
--   writes, lists.
WITH top AS (
    SELECT split_part(folder, '/', 1) AS top, sum(objects) AS held FROM known_folder WHERE folder <> '' GROUP BY ALL
),
calls AS (
    SELECT principal, delegation, key_name, agent, job, split_part(folder, '/', 1) AS top,
        coalesce(sum(events) FILTER (op = 'read' AND outcome = 'ok' AND copied_to = ''), 0) AS reads,
        coalesce(sum(objects) FILTER (op = 'read' AND outcome = 'ok' AND copied_to = ''), 0) AS objects,
        coalesce(sum(events) FILTER (op IN ('write', 'delete') AND outcome = 'ok'), 0) AS writes,
        coalesce(sum(events) FILTER (op = 'list'), 0) AS lists
    FROM access
    WHERE bucket = $bucket AND day BETWEEN $from_day AND $to_day
    GROUP BY ALL
)
SELECT
    hash(principal, delegation, key_name, agent, job) AS identity_id,
    principal, delegation, key_name, agent,
    CASE WHEN job = '' THEN '' ELSE regexp_replace(job, '[0-9a-f]*[0-9][0-9a-f]*', '#', 'g') END AS job,
    sum(reads)::BIGINT AS reads,
    sum(objects)::BIGINT AS objects,
    count(*) FILTER (objects > 0 AND 2 * objects >= held) AS tops,
    sum(writes)::BIGINT AS writes,
    sum(lists)::BIGINT AS lists
FROM calls LEFT JOIN top USING (top)
GROUP BY ALL;
