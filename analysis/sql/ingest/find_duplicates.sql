-- Purpose: the batch's events one by one, those that repeat an event kept before or another one of this batch, and the sums
--   without them.
-- Parameters: none. Columns: event_id: sum_id, file_id, hash, object; repeated: row_id; recount: sum_id, events.
-- Hashes are stable across versions; events of one hash say the same, so which of them stays only decides whose ledger counts
-- it, and the first and last time and name of a sum hold with or without the repetition.
CREATE OR REPLACE TEMP TABLE event_id AS
SELECT rowid AS sum_id, file_id, unnest(hashes) AS hash, unnest(objects) AS object FROM line_sum WHERE problem = '';

CREATE OR REPLACE TEMP TABLE repeated AS
WITH several AS (SELECT hash FROM event_id GROUP BY hash HAVING count(*) > 1),
later AS (
    SELECT e.rowid AS row_id
    FROM event_id AS e SEMI JOIN several USING (hash)
    QUALIFY row_number() OVER (PARTITION BY e.hash ORDER BY e.file_id, e.sum_id, e.rowid) > 1
),
days AS (SELECT min(day) AS first_day, max(day) AS last_day FROM line_sum WHERE problem = ''),
known AS (
    SELECT e.rowid AS row_id
    FROM event_id AS e
    SEMI JOIN (SELECT s.hash FROM seen AS s, days WHERE s.day BETWEEN days.first_day AND days.last_day) AS s USING (hash)
),
-- Days that came home as a rollup hold all of their log's events.
rolled AS (
    SELECT e.rowid AS row_id
    FROM event_id AS e
    JOIN line_sum AS l ON l.rowid = e.sum_id
    SEMI JOIN rolled_day AS d ON d.bucket = l.bucket AND d.day = l.day AND (d.log_type = 'admin') = l.of_activity
)
SELECT row_id FROM later UNION SELECT row_id FROM known UNION SELECT row_id FROM rolled;

CREATE OR REPLACE TEMP TABLE recount AS
WITH dropped AS (SELECT e.sum_id, count(*) AS events FROM event_id AS e SEMI JOIN repeated AS r ON r.row_id = e.rowid GROUP BY e.sum_id)
SELECT d.sum_id, l.events - d.events AS events
FROM dropped AS d JOIN line_sum AS l ON l.rowid = d.sum_id;
