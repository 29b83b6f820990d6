-- Purpose: the views that analysts and the other rooms read. Comments here are their documentation (docs/catalogue.md).
-- Parameters: none. Columns: see the COMMENT ON statements.

CREATE VIEW v_evidence AS
SELECT file_id, kind, uri, size_bytes, lines, kept, duplicates, rejected, not_storage, complete, note, first_event_at, last_event_at
FROM evidence_file;

COMMENT ON VIEW v_evidence IS 'Every input ever read, with its arithmetic: lines = kept + duplicates + rejected + not_storage.';
COMMENT ON COLUMN v_evidence.kind IS 'logs, cloud-logging, bigquery, usage, inventory, listing or code';
COMMENT ON COLUMN v_evidence.complete IS 'false when the input could not be read to its end';
COMMENT ON COLUMN v_evidence.not_storage IS 'entries that are not about Cloud Storage';

CREATE VIEW v_reject AS
SELECT f.uri, r.line_no, r.reason, r.text
FROM reject AS r JOIN evidence_file AS f USING (file_id);

COMMENT ON VIEW v_reject IS 'Lines that could not be used: where they stand and why.';
COMMENT ON COLUMN v_reject.line_no IS 'line in the unpacked file, or element of the array, from 1';
COMMENT ON COLUMN v_reject.text IS 'the line, cut after 1,000 characters';

CREATE VIEW v_access AS
SELECT
    bucket, folder, partition_date, day, principal, delegation, key_name, agent, job, op, outcome, copied_to, source,
    sum(events)::BIGINT AS events,
    sum(objects)::BIGINT AS objects,
    min(object_min) AS object_min,
    max(object_max) AS object_max,
    sum(bytes)::BIGINT AS bytes,
    min(first_at) AS first_at,
    max(last_at) AS last_at
FROM access
GROUP BY ALL;

COMMENT ON VIEW v_access IS 'Who did what to which folder on which day, one row per combination.';
COMMENT ON COLUMN v_access.folder IS 'directory of the object with its closing slash, at most six levels; empty for the root and for calls on the bucket';
COMMENT ON COLUMN v_access.partition_date IS 'calendar date found in the object name';
COMMENT ON COLUMN v_access.day IS 'UTC day of the event';
COMMENT ON COLUMN v_access.delegation IS 'identities that the principal was impersonated through';
COMMENT ON COLUMN v_access.key_name IS 'service account key that was used';
COMMENT ON COLUMN v_access.agent IS 'family of the client: gsutil, gcloud, python, airflow, beam, browser …; empty when not given';
COMMENT ON COLUMN v_access.job IS 'job name sent along by Beam, Dataflow and others';
COMMENT ON COLUMN v_access.op IS 'read, write, delete, list, update (of metadata) or admin (of the bucket)';
COMMENT ON COLUMN v_access.outcome IS 'ok, denied or missing';
COMMENT ON COLUMN v_access.copied_to IS 'on the reading side of a copy: bucket and folder it went to';
COMMENT ON COLUMN v_access.source IS 'audit or usage';
COMMENT ON COLUMN v_access.objects IS 'distinct objects per ingest batch, summed: an upper bound';
COMMENT ON COLUMN v_access.object_min IS 'equal to object_max when one single object is concerned';
COMMENT ON COLUMN v_access.bytes IS 'bytes transferred; only usage logs know';

CREATE VIEW v_coverage AS
SELECT day, bucket, log_type, sum(events)::BIGINT AS events
FROM coverage
GROUP BY day, bucket, log_type;

COMMENT ON VIEW v_coverage IS 'Events per day, bucket and log type; a day without a row has no evidence.';
COMMENT ON COLUMN v_coverage.log_type IS 'data_read, data_write, admin or usage';

CREATE VIEW v_inventory AS
SELECT snapshot_date, bucket, sum(objects)::BIGINT AS objects, sum(bytes)::BIGINT AS bytes
FROM folder_stats
GROUP BY snapshot_date, bucket;

COMMENT ON VIEW v_inventory IS 'The inventories read so far, with their totals.';

CREATE VIEW v_folder AS
WITH latest AS (SELECT bucket, max(snapshot_date) AS snapshot_date FROM folder_stats GROUP BY bucket),
leaf AS (
    SELECT
        bucket, snapshot_date, folder, sum(objects) AS objects, sum(bytes) AS bytes, sum(small_objects) AS small_objects,
        min(created_min) AS created_min, max(created_max) AS created_max
    FROM folder_stats SEMI JOIN latest USING (bucket, snapshot_date)
    GROUP BY bucket, snapshot_date, folder
),
parts AS (SELECT *, string_split(folder, '/') AS segments FROM leaf),
ancestor AS (
    SELECT *, unnest(range(0, len(segments)::BIGINT)) AS depth
    FROM parts
)
SELECT
    bucket,
    snapshot_date,
    CASE WHEN depth = 0 THEN '' ELSE array_to_string(segments[1:depth], '/') || '/' END AS folder,
    depth::INTEGER AS depth,
    sum(objects)::BIGINT AS objects,
    sum(bytes)::BIGINT AS bytes,
    sum(small_objects)::BIGINT AS small_objects,
    min(created_min) AS created_min,
    max(created_max) AS created_max
FROM ancestor
GROUP BY ALL;

COMMENT ON VIEW v_folder IS 'Sums over the latest inventory for every folder at every depth, with everything below it.';
COMMENT ON COLUMN v_folder.folder IS 'with its closing slash; empty for the whole bucket';
COMMENT ON COLUMN v_folder.small_objects IS 'objects under 128 KiB, which colder classes charge extra for';

CREATE VIEW v_growth AS
WITH total AS (
    SELECT bucket, snapshot_date, folder, sum(objects)::BIGINT AS objects, sum(bytes)::BIGINT AS bytes
    FROM folder_stats GROUP BY bucket, snapshot_date, folder
),
dates AS (
    SELECT bucket, snapshot_date, lag(snapshot_date) OVER (PARTITION BY bucket ORDER BY snapshot_date) AS previous_date
    FROM (SELECT DISTINCT bucket, snapshot_date FROM folder_stats)
),
pairs AS (
    SELECT d.bucket, d.previous_date, d.snapshot_date, f.folder
    FROM dates AS d
    JOIN (SELECT DISTINCT bucket, snapshot_date, folder FROM total) AS f
        ON f.bucket = d.bucket AND f.snapshot_date IN (d.previous_date, d.snapshot_date)
    WHERE d.previous_date IS NOT NULL
    GROUP BY ALL
)
SELECT
    p.bucket, p.folder, p.previous_date, p.snapshot_date,
    coalesce(a.objects, 0) AS objects_before,
    coalesce(b.objects, 0) AS objects_after,
    coalesce(a.bytes, 0) AS bytes_before,
    coalesce(b.bytes, 0) AS bytes_after,
    coalesce(b.bytes, 0) - coalesce(a.bytes, 0) AS bytes_grown,
    CASE WHEN a.folder IS NULL THEN 'new' WHEN b.folder IS NULL THEN 'gone' ELSE 'kept' END AS fate
FROM pairs AS p
LEFT JOIN total AS a ON a.bucket = p.bucket AND a.folder = p.folder AND a.snapshot_date = p.previous_date
LEFT JOIN total AS b ON b.bucket = p.bucket AND b.folder = p.folder AND b.snapshot_date = p.snapshot_date;

COMMENT ON VIEW v_growth IS 'What changed in each folder between one inventory and the one before it.';
COMMENT ON COLUMN v_growth.fate IS 'new, gone or kept';

CREATE VIEW v_subfolder AS
SELECT s.bucket, s.as_of, f.*
FROM subfolder AS f
JOIN snapshot AS s USING (snapshot_id)
WHERE s.snapshot_id = (SELECT max(n.snapshot_id) FROM snapshot AS n WHERE n.bucket = s.bucket);

COMMENT ON VIEW v_subfolder IS 'What the latest analysis of each bucket says of its subfolders.';
COMMENT ON COLUMN v_subfolder.temperature IS 'hot, warm, cold or unknown';
COMMENT ON COLUMN v_subfolder.isolation IS 'perfect, excellent, good, shared or unknown';
COMMENT ON COLUMN v_subfolder.reasons IS 'the sentences behind the verdicts';

CREATE VIEW v_consumer AS
SELECT s.bucket, s.as_of, c.*
FROM consumer AS c
JOIN snapshot AS s USING (snapshot_id)
WHERE s.snapshot_id = (SELECT max(n.snapshot_id) FROM snapshot AS n WHERE n.bucket = s.bucket);

COMMENT ON VIEW v_consumer IS 'Who uses which subfolder, from the latest analysis of each bucket.';
COMMENT ON COLUMN v_consumer.kind IS 'service, human, external, maintenance or ourselves';
COMMENT ON COLUMN v_consumer.role IS 'reader, writer, lister or deleter';
COMMENT ON COLUMN v_consumer.files IS 'where the code names the place, as path:line';
