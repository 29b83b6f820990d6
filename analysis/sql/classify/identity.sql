-- Purpose: everybody who called. Job names are folded like folders, because Beam puts a new number into each run's name.
-- Parameters: bucket, from_day, to_day.
-- Columns: identity_id (hash of the raw key), principal, delegation, key_name, agent, job (folded).
SELECT
    hash(principal, delegation, key_name, agent, job) AS identity_id,
    principal, delegation, key_name, agent,
    CASE WHEN job = '' THEN '' ELSE regexp_replace(job, '[0-9a-f]*[0-9][0-9a-f]*', '#', 'g') END AS job
FROM access
WHERE bucket = $bucket AND day BETWEEN $from_day AND $to_day
GROUP BY ALL;
