-- Purpose: what this journal belongs to.
-- Parameters: key.
-- Columns: value.
SELECT value FROM about WHERE key = :key;
