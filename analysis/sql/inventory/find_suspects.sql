-- Purpose: hashes of names that several rows of the new inventory have; as a rule there are none.
-- Parameters: first_file. Columns: h.
-- Hashes first: five million names would not fit where five million numbers do. Names that differ in a digit often share
-- DuckDB's hash; with the end of the name beside it hardly any do.
CREATE OR REPLACE TEMP TABLE suspect AS
SELECT hash(bucket, name, substr(name, -12)) AS h
FROM object
WHERE file_id >= $first_file AND problem = ''
GROUP BY h
HAVING count(*) > 1;
