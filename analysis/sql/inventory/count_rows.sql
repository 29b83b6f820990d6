-- Purpose: the ledger of a new inventory, per file, for the rows that could be read.
-- Parameters: first_file. Columns: file_id, rows, duplicates, rejected, gone (versions that are no longer live).
SELECT
    file_id,
    sum(found)::BIGINT AS rows,
    (SELECT count(*) FROM repeated AS r WHERE r.file_id = o.file_id) AS duplicates,
    coalesce(sum(found) FILTER (WHERE problem NOT IN ('', 'not live')), 0)::BIGINT AS rejected,
    coalesce(sum(found) FILTER (WHERE problem = 'not live'), 0)::BIGINT AS gone
FROM (SELECT file_id, problem, count(*) AS found FROM object WHERE file_id >= $first_file GROUP BY ALL) AS o
GROUP BY file_id;
