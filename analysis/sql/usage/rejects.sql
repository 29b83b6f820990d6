-- Purpose: the lines of usage logs that could not be read.
-- Parameters: none. Columns: file, line, reason, text.
SELECT
    s.file_path AS file,
    e.line,
    CASE WHEN bool_and(e.error_type = 'CAST') THEN 'bad timestamp'
        ELSE lower(min(e.error_type::VARCHAR) FILTER (WHERE e.error_type <> 'CAST')) END AS reason,
    coalesce(any_value(e.csv_line), '') AS text
FROM reject_errors AS e JOIN reject_scans AS s USING (scan_id, file_id)
GROUP BY ALL
ORDER BY ALL;
