-- Purpose: lines of code that name a folder, for identities that the analysis has not tied to code.
-- Parameters: bucket, prefixes (list of folders with closing slash).
-- Columns: site (path:line).
SELECT DISTINCT file || ':' || line AS site FROM code_reference
WHERE kind = 'code' AND bucket = $bucket
    AND len(list_filter($prefixes::VARCHAR[], lambda p: prefix <> '' AND (starts_with(prefix, p) OR starts_with(p, rtrim(prefix, '*'))))) > 0
ORDER BY site;
