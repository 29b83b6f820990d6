-- Purpose: requests of one usage log, with what each did and how it ended; those seen before are marked.
-- Parameters: file (a CSV with exactly the columns below). Columns: those of `access` before summing, hash, repeated.
CREATE OR REPLACE TEMP TABLE request AS
WITH line AS (
    SELECT
        *,
        make_timestamp(try_cast(time_micros AS BIGINT)) AS event_at,
        lower(cs_operation) AS low_operation,
        try_cast(sc_status AS INTEGER) AS status,
        md5_number_upper(concat('usage', chr(10), coalesce(nullif(s_request_id, ''), concat_ws(chr(10), time_micros, cs_uri)))) AS hash
    FROM read_csv(
        $file,
        header = true,
        all_varchar = true,
        delim = ',',
        quote = '"',
        escape = '"',
        auto_detect = false,
        max_line_size = 20000000,
        columns = {
            time_micros: 'VARCHAR', cs_method: 'VARCHAR', cs_uri: 'VARCHAR', sc_status: 'VARCHAR', cs_bytes: 'VARCHAR',
            sc_bytes: 'VARCHAR', cs_user_agent: 'VARCHAR', s_request_id: 'VARCHAR', cs_operation: 'VARCHAR',
            cs_bucket: 'VARCHAR', cs_object: 'VARCHAR'
        }
    )
),
acted AS (
    SELECT
        *,
        coalesce(cs_object, '') AS object_name,
        CASE
            WHEN low_operation IN ('get_object', 'head_object', 'storage.objects.get', 'storage.objects.download') THEN 'read'
            WHEN low_operation IN ('get_bucket', 'head_bucket', 'get_service', 'storage.objects.list', 'storage.buckets.list') THEN 'list'
            WHEN low_operation IN ('delete_object', 'storage.objects.delete') THEN 'delete'
            WHEN low_operation IN ('put_object', 'post_object', 'storage.objects.insert', 'storage.objects.create',
                'storage.objects.compose', 'storage.objects.copy', 'storage.objects.rewrite') THEN 'write'
            WHEN low_operation IN ('storage.objects.patch', 'storage.objects.update', 'patch_object', 'put_object_acl') THEN 'update'
            WHEN coalesce(cs_object, '') = '' THEN CASE WHEN cs_method = 'GET' AND contains(cs_uri, 'prefix=') THEN 'list' ELSE 'admin' END
            WHEN cs_method IN ('GET', 'HEAD') THEN 'read'
            WHEN cs_method IN ('PUT', 'POST') THEN 'write'
            WHEN cs_method = 'DELETE' THEN 'delete'
            ELSE 'update'
        END AS op
    FROM line
)
SELECT
    coalesce(cs_bucket, '') AS bucket,
    CASE WHEN op IN ('list', 'admin') THEN '' ELSE folder_of(object_name) END AS folder,
    CASE WHEN op NOT IN ('list', 'admin') THEN text_as_date(date_text_of(object_name)) END AS partition_date,
    event_at::DATE AS day,
    -- Lifecycle rules act without a caller.
    CASE WHEN contains(cs_user_agent, 'GCS Lifecycle Management') THEN 'lifecycle' ELSE '' END AS agent,
    op,
    CASE
        WHEN status = 404 OR status = 410 THEN 'missing'
        WHEN status BETWEEN 200 AND 399 OR status IS NULL OR status = 0 THEN 'ok'
        ELSE 'denied'
    END AS outcome,
    object_name,
    CASE WHEN op = 'write' THEN try_cast(cs_bytes AS BIGINT) ELSE try_cast(sc_bytes AS BIGINT) END AS bytes,
    event_at,
    hash,
    row_number() OVER (PARTITION BY hash ORDER BY event_at) > 1
        OR hash IN (SELECT s.hash FROM seen AS s WHERE s.day IN (SELECT DISTINCT event_at::DATE FROM line)) AS repeated
FROM acted;
