-- Purpose: what code scans found beside references. Parameters: none.
-- Columns: kind, message, file, line, others.
SELECT DISTINCT kind, message, file, line, others FROM code_finding ORDER BY ALL;
