-- Purpose: inputs whose arithmetic does not close.
-- Parameters: none. Columns: uri, lines, accounted.
SELECT uri, lines, kept + duplicates + rejected + not_storage AS accounted
FROM evidence_file
WHERE lines <> kept + duplicates + rejected + not_storage
ORDER BY uri;
