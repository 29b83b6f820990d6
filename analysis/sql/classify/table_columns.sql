-- Purpose: columns of one of our tables, in order.
-- Parameters: table. Columns: name, type.
SELECT column_name, data_type
FROM duckdb_columns()
WHERE table_name = $table AND database_name = current_database()
ORDER BY column_index;
