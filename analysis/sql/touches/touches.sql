-- Purpose: who used the folders of a move since a day, one row per identity and kind of act, with the lines of code that name the folder.
-- Parameters: bucket, prefixes (list of folders with closing slash; '' means the whole bucket), since (DATE).
-- Columns: principal, agent, job, op, kind, events, first_at, last_at, example_folder, code (list of path:line).
WITH used AS (
    SELECT principal, agent, job, op, outcome, folder, events, first_at, last_at
    FROM v_access
    WHERE bucket = $bucket AND day >= $since AND op IN ('read', 'write', 'update', 'delete') AND outcome <> 'denied'
        AND len(list_filter($prefixes::VARCHAR[], lambda p: starts_with(folder, p) OR (length(folder) >= 6 AND starts_with(p, folder)))) > 0
),
-- The analysis knows who scans everything; an identity that it never saw counts as a consumer.
scanner AS (
    SELECT DISTINCT principal FROM v_consumer WHERE bucket = $bucket AND kind = 'maintenance'
),
named AS (
    SELECT DISTINCT principal, unnest(files) AS site
    FROM v_consumer
    WHERE bucket = $bucket AND len(list_filter($prefixes::VARCHAR[], lambda p: starts_with(p, subfolder) OR starts_with(subfolder || '/', p))) > 0
)
SELECT
    u.principal,
    u.agent,
    u.job,
    u.op,
    CASE
        WHEN u.agent = 'thermocline' THEN 'ourselves'
        WHEN u.principal IN (SELECT principal FROM scanner) THEN 'maintenance'
        ELSE 'consumer'
    END AS kind,
    sum(u.events)::BIGINT AS events,
    min(u.first_at) AS first_at,
    max(u.last_at) AS last_at,
    any_value(u.folder) AS example_folder,
    coalesce((SELECT list(n.site ORDER BY n.site) FROM named AS n WHERE n.principal = u.principal), []) AS code
FROM used AS u
GROUP BY u.principal, u.agent, u.job, u.op, kind
ORDER BY last_at DESC, principal, op;
