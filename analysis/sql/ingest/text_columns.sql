-- Purpose: where an analysis may have written an identity down: every text, and list of texts, of its tables.
-- Parameters: none. Columns: table_name, column_name, is_list.
SELECT c.table_name, c.column_name, c.data_type = 'VARCHAR[]' AS is_list
FROM duckdb_columns() AS c JOIN duckdb_tables() AS t USING (database_name, schema_name, table_name)
WHERE NOT c.internal AND NOT t.temporary AND c.data_type IN ('VARCHAR', 'VARCHAR[]', 'JSON')
    AND c.table_name IN (SELECT s.table_name FROM duckdb_columns() AS s WHERE s.column_name = 'snapshot_id')
ORDER BY c.table_name, c.column_index;
