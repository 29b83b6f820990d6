-- Purpose: this journal is carried on by another plan.
-- Parameters: key, value.
-- Columns: none.
UPDATE about SET value = :value WHERE key = :key;
