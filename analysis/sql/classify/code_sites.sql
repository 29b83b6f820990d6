-- Purpose: where code and documents name places in this bucket.
-- Parameters: bucket.
-- Columns: prefix, role, file, line, kind, via, workload, confidence, env.
SELECT prefix, role, file, line, kind, coalesce(via, '') AS via, coalesce(workload, '') AS workload,
    coalesce(confidence, 0.5) AS confidence, coalesce(env, '') AS env
FROM code_reference
WHERE bucket = $bucket
    OR (contains(bucket, '*') AND bucket <> '*' AND regexp_full_match($bucket, replace(regexp_escape(bucket), '\*', '.*')))
ORDER BY ALL;
