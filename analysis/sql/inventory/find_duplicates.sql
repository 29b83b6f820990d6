-- Purpose: rows of `listed` that name an object which another row, or an earlier report of the same day, names already.
-- Parameters: snapshot_date. Columns: row_id.
CREATE OR REPLACE TEMP TABLE repeated AS
WITH usable AS (SELECT rowid AS row_id, bucket, name, generation, file_id FROM listed WHERE problem = '' AND NOT gone),
several AS (SELECT hash(bucket, name) AS h FROM usable GROUP BY h HAVING count(*) > 1),
later AS (
    SELECT row_id
    FROM usable
    WHERE hash(bucket, name) IN (SELECT h FROM several)
    QUALIFY row_number() OVER (PARTITION BY bucket, name ORDER BY generation DESC NULLS LAST, file_id, row_id) > 1
),
known AS (
    SELECT u.row_id
    FROM usable AS u SEMI JOIN (SELECT bucket, name FROM object WHERE snapshot_date = $snapshot_date) AS o
        ON o.bucket = u.bucket AND o.name = u.name
)
SELECT row_id FROM later UNION SELECT row_id FROM known;
