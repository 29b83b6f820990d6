-- Purpose: rows that came home from BigQuery.
-- Parameters: file (NDJSON). Columns: those of `bigquery/rollup.sql`.
CREATE OR REPLACE TEMP TABLE rolled AS
SELECT
    * EXCLUDE (date_digits),
    try_cast(regexp_replace(date_digits, '(....)(..)(..)', '\1-\2-\3') AS DATE) AS partition_date,
    -- Days that log files have told of already are known event by event; they are not counted twice.
    EXISTS (
        FROM coverage AS c
        WHERE c.bucket = r.bucket AND c.day = r.day AND c.log_type = r.log_type
            AND NOT EXISTS (
                FROM rolled_day AS d WHERE d.bucket = c.bucket AND d.day = c.day AND d.log_type = c.log_type
            )
    ) AS known
FROM read_json(
    $file,
    format = 'newline_delimited',
    columns = {
        problem: 'VARCHAR', bucket: 'VARCHAR', folder: 'VARCHAR', date_digits: 'VARCHAR', day: 'DATE', principal: 'VARCHAR',
        delegation: 'VARCHAR', key_name: 'VARCHAR', agent: 'VARCHAR', job: 'VARCHAR', op: 'VARCHAR', outcome: 'VARCHAR',
        copied_to: 'VARCHAR', log_type: 'VARCHAR', lines: 'BIGINT', events: 'BIGINT', objects: 'BIGINT', least_name: 'VARCHAR',
        greatest_name: 'VARCHAR', first_at: 'TIMESTAMP', last_at: 'TIMESTAMP', location: 'VARCHAR', project: 'VARCHAR'
    }
) AS r;
