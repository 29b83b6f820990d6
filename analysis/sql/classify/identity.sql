-- Purpose: everybody who called, with what tells scanners from users: how many top-level folders and objects they touched.
--   Job names are folded like folders, because Beam puts a new number into each run's name.
-- Parameters: bucket, from_day, to_day.
-- Columns: identity_id (hash of the raw key), principal, delegation, key_name, agent, job (folded), raw_jobs,
--   reads, objects, tops (top-level folders read), writes, lists.
SELECT
    hash(principal, delegation, key_name, agent, job) AS identity_id,
    principal, delegation, key_name, agent,
    CASE WHEN job = '' THEN '' ELSE regexp_replace(job, '[0-9a-f]*[0-9][0-9a-f]*', '#', 'g') END AS job,
    coalesce(sum(events) FILTER (op = 'read' AND outcome = 'ok' AND copied_to = ''), 0)::BIGINT AS reads,
    coalesce(sum(objects) FILTER (op = 'read' AND outcome = 'ok' AND copied_to = ''), 0)::BIGINT AS objects,
    count(DISTINCT split_part(folder, '/', 1)) FILTER (op = 'read' AND outcome = 'ok' AND folder <> '') AS tops,
    coalesce(sum(events) FILTER (op IN ('write', 'delete') AND outcome = 'ok'), 0)::BIGINT AS writes,
    coalesce(sum(events) FILTER (op = 'list'), 0)::BIGINT AS lists
FROM access
WHERE bucket = $bucket AND day BETWEEN $from_day AND $to_day
GROUP BY ALL;
