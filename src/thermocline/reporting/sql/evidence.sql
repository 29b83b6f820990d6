-- Purpose: the arithmetic of all inputs, by kind.
-- Columns: kind, inputs, incomplete, lines, kept, duplicates, rejected, not_storage.
SELECT kind, count(*)::INTEGER AS inputs, count(*) FILTER (NOT complete)::INTEGER AS incomplete,
    sum(lines)::BIGINT AS lines, sum(kept)::BIGINT AS kept, sum(duplicates)::BIGINT AS duplicates,
    sum(rejected)::BIGINT AS rejected, sum(not_storage)::BIGINT AS not_storage
FROM v_evidence
GROUP BY kind
ORDER BY kind;
