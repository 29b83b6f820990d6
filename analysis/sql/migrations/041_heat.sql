-- Purpose: one row per folder that answers how warm it is, fast enough to be asked for every prefix of a catalogue of any size.
-- Parameters: none. Columns: see the COMMENT ON statements.
-- Days are bits, so that a row costs no set of days and parents are an `or` over their folders: counting distinct days instead
-- takes three times as long.
CREATE VIEW v_heat AS
WITH latest AS (SELECT max(day) AS day FROM coverage)
SELECT
    a.bucket,
    a.folder,
    bit_or(CASE WHEN latest.day - a.day BETWEEN 0 AND 29 THEN 1 << (latest.day - a.day)::INTEGER ELSE 0 END) AS days_30,
    max(a.last_at) AS last_read_at,
    sum(CASE WHEN a.source = 'audit' THEN a.events ELSE 0 END)::BIGINT AS reads
FROM access AS a, latest
WHERE a.op = 'read' AND a.outcome = 'ok' AND a.copied_to = ''
GROUP BY a.bucket, a.folder;

COMMENT ON VIEW v_heat IS 'How often and when objects right in each folder were last read, copies aside. For a prefix, take bit_count(bit_or(days_30)), max(last_read_at) and sum(reads) of its folders.';
COMMENT ON COLUMN v_heat.folder IS 'with its closing slash, at most six levels; empty for the root';
COMMENT ON COLUMN v_heat.days_30 IS 'bit n is set if something was read n days before the last day that the catalogue has evidence of';
COMMENT ON COLUMN v_heat.reads IS 'reads that audit logs tell of; usage logs may tell of the same again, and add only days and times';
