-- Purpose: the latest day that the rows of one report file speak of.
-- Parameters: none. Columns: day (NULL where no row has a time).
SELECT max(greatest(timecreated, try_cast(updated AS TIMESTAMP)))::DATE AS day FROM report_row;
