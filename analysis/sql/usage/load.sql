-- Purpose: requests of usage logs, with what each did and how it ended; those seen before are marked.
-- Parameters: none. Columns: file, those of `access` before summing, hash, repeated.
-- `usage_row` is a view over the files with the columns that are read, whatever else they hold.
CREATE OR REPLACE TEMP TABLE request AS
WITH line AS (
    SELECT
        *,
        make_timestamp(coalesce(time_micros, 0)::BIGINT) AS event_at,
        lower(cs_operation) AS low_operation,
        contains(cs_user_agent, 'GCS Lifecycle Management') AS of_lifecycle,
        try_cast(sc_status AS INTEGER) AS status,
        md5_number_upper(concat('usage', chr(10), coalesce(nullif(s_request_id, ''), concat_ws(chr(10), time_micros, cs_uri)))) AS hash
    FROM usage_row
),
acted AS (
    SELECT
        *,
        coalesce(cs_object, '') AS object_name,
        CASE
            WHEN low_operation IN ('delete_object', 'storage.objects.delete') THEN 'delete'
            -- Rules delete objects or change their class; they write no data.
            WHEN of_lifecycle THEN CASE WHEN cs_method = 'DELETE' THEN 'delete' ELSE 'update' END
            WHEN low_operation IN ('get_object', 'head_object', 'storage.objects.get', 'storage.objects.download') THEN 'read'
            WHEN low_operation IN ('get_bucket', 'head_bucket', 'get_service', 'storage.objects.list', 'storage.buckets.list') THEN 'list'
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
),
told AS (
    SELECT
        file,
        coalesce(cs_bucket, '') AS bucket,
        CASE WHEN op IN ('list', 'admin') THEN '' ELSE folder_of(object_name) END AS folder,
        CASE WHEN op NOT IN ('list', 'admin') THEN text_as_date(date_text_of(object_name)) END AS partition_date,
        event_at::DATE AS day,
        CASE WHEN of_lifecycle THEN 'lifecycle' ELSE '' END AS agent,
        op,
        CASE
            WHEN status = 404 OR status = 410 THEN 'missing'
            WHEN status BETWEEN 200 AND 399 OR status IS NULL OR status = 0 THEN 'ok'
            ELSE 'denied'
        END AS outcome,
        object_name,
        CASE WHEN op = 'write' THEN try_cast(cs_bytes AS BIGINT) ELSE try_cast(sc_bytes AS BIGINT) END AS bytes,
        event_at,
        hash
    FROM acted
),
known AS (
    SELECT s.hash FROM seen AS s WHERE s.day BETWEEN (SELECT min(day) FROM told) AND (SELECT max(day) FROM told)
)
SELECT * EXCLUDE (later), later OR hash IN (SELECT k.hash FROM known AS k) AS repeated
FROM (SELECT *, row_number() OVER (PARTITION BY hash ORDER BY event_at, file) > 1 AS later FROM told);
