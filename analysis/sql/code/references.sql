-- Purpose: what the catalogue holds of code and documents. Parameters: bucket, env (either may be NULL: all of them).
-- Columns: bucket, prefix, role, file, line, via, kind, confidence, workload, provenance (JSON), checkout, commit_id, env.
SELECT bucket, prefix, role, file, line, via, kind, confidence, workload, provenance, checkout, commit_id, env
FROM code_reference
WHERE ($bucket IS NULL OR $bucket = bucket OR contains(bucket, '*'))
    AND ($env IS NULL OR env = $env)
ORDER BY file, line, role, bucket, prefix;
