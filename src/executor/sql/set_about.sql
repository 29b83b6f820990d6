-- Purpose: what this journal belongs to.
-- Parameters: key, value.
-- Columns: none.
INSERT INTO about (key, value) VALUES (:key, :value) ON CONFLICT (key) DO NOTHING;
