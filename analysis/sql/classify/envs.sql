-- Purpose: environments that code was scanned for.
-- Parameters: none. Columns: env.
SELECT DISTINCT env FROM code_reference WHERE env IS NOT NULL AND env <> '' ORDER BY env;
