-- Purpose: insert many rows at once. {table} and {columns} are names of our own schema.
-- Parameters: rows (JSON array of objects), shape (JSON: column name → type).
INSERT INTO {table} ({columns})
SELECT {columns} FROM (SELECT unnest(from_json($rows, $shape), max_depth := 2));
