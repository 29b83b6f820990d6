-- Purpose: rows of the new inventory that name an object which another of its rows names already, but for the youngest generation.
-- Parameters: first_file. Columns: row_id, file_id.
INSERT INTO repeated
SELECT rowid AS row_id, file_id
FROM object
WHERE file_id >= $first_file AND problem = '' AND hash(bucket, name, substr(name, -12)) IN (SELECT h FROM suspect)
QUALIFY row_number() OVER (PARTITION BY bucket, name ORDER BY generation DESC NULLS LAST, file_id, row_id) > 1;
