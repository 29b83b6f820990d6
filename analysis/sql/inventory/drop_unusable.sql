-- Purpose: of the new inventory, leave one row per live object.
-- Parameters: first_file. Columns: none.
DELETE FROM object
WHERE file_id >= $first_file AND (problem <> '' OR rowid IN (SELECT row_id FROM repeated));
