-- Purpose: rows of `event` that repeat an event kept before or another row of this batch.
-- Parameters: none. Columns: row_id.
-- Hashes are stable across versions; rows of one hash say the same, so which of them stays only decides whose ledger counts it.
CREATE OR REPLACE TEMP TABLE repeated AS
WITH usable AS (
    SELECT rowid AS row_id, hash, file_id, split_index, event_at, bucket, log_name FROM event WHERE problem = ''
),
several AS (SELECT hash FROM usable GROUP BY hash HAVING count(*) > 1),
later AS (
    SELECT row_id
    FROM usable SEMI JOIN several USING (hash)
    QUALIFY row_number() OVER (PARTITION BY hash ORDER BY file_id, split_index, row_id) > 1
),
days AS (SELECT min(event_at)::DATE AS first_day, max(event_at)::DATE AS last_day FROM usable),
known AS (
    SELECT u.row_id
    FROM usable AS u
    SEMI JOIN (SELECT s.hash FROM seen AS s, days WHERE s.day BETWEEN days.first_day AND days.last_day) AS s USING (hash)
),
-- Days that came home as a rollup hold all of their log's events.
rolled AS (
    SELECT u.row_id
    FROM usable AS u SEMI JOIN rolled_day AS d
        ON d.bucket = u.bucket AND d.day = u.event_at::DATE AND (d.log_type = 'admin') = suffix(u.log_name, 'activity')
)
SELECT row_id FROM later UNION SELECT row_id FROM known UNION SELECT row_id FROM rolled;
