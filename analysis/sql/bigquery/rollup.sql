-- Purpose: the access rollup, computed in BigQuery, so that only sums come home. The same rules as the queries in `ingest/`.
-- Parameters: first_at, beyond_at (timestamps). `{entries}` is the query of the layout.
-- Columns: those of `access` before hashing, with problem, lines (as read), events (each once), log_type and labels.
WITH entry AS (
{entries}
),
located AS (
    SELECT
        *,
        CASE
            WHEN STRPOS(COALESCE(resource_name, ''), '/buckets/') > 0 THEN resource_name
            ELSE COALESCE(JSON_VALUE(metadata, '$.resourceNames[0]'), '')
        END AS resource,
        CASE WHEN STARTS_WITH(full_method, 'google.') THEN SUBSTR(full_method, 8) ELSE full_method END AS method
    FROM entry
),
named AS (
    SELECT
        *,
        CASE WHEN STRPOS(resource, '/buckets/') > 0 THEN SUBSTR(resource, STRPOS(resource, '/buckets/') + 9) ELSE '' END AS place
    FROM located
),
flat AS (
    SELECT
        log_name,
        stamp,
        insert_id,
        method,
        CASE
            WHEN stamp IS NULL THEN 'no timestamp'
            WHEN service IS NULL AND full_method IS NULL AND NOT other_payload THEN 'no payload'
            WHEN service IS NOT NULL AND service <> 'storage.googleapis.com' THEN 'not storage'
            WHEN service IS NULL AND NOT COALESCE(STARTS_WITH(method, 'storage.'), FALSE) THEN 'not storage'
            WHEN method IS NULL THEN 'no method'
            ELSE ''
        END AS problem,
        COALESCE(NULLIF(SPLIT(place, '/')[SAFE_OFFSET(0)], ''), label_bucket, '') AS bucket,
        CASE WHEN STRPOS(place, '/objects/') > 0 THEN SUBSTR(place, STRPOS(place, '/objects/') + 9) ELSE '' END AS object_name,
        COALESCE(status_code, 0) AS status_code,
        COALESCE(principal, subject, '') AS principal,
        COALESCE(key_name, '') AS key_name,
        COALESCE(delegation, '') AS delegation,
        COALESCE(user_agent, '') AS user_agent,
        LOWER(COALESCE(user_agent, '')) AS low_agent,
        COALESCE(ARRAY_LENGTH(permissions), 0) AS asked,
        (SELECT COUNT(*) FROM UNNEST(permissions) AS p WHERE p.granted) AS granted_any,
        (SELECT COUNT(*) FROM UNNEST(permissions) AS p WHERE p.granted AND p.permission = 'storage.objects.get') AS granted_get,
        (SELECT STRING_AGG(p.permission, ' ') FROM UNNEST(permissions) AS p) AS wanted,
        COALESCE(JSON_VALUE(metadata, '$.destination'), '') AS destination,
        COALESCE(JSON_VALUE(metadata, '$.audit_context.audit_info."x-goog-custom-audit-job"'), '') AS job,
        JSON_VALUE(metadata, '$.audit_context.audit_info."x-goog-custom-audit-thermocline"') IS NOT NULL AS ours,
        LOWER(label_location) AS location,
        label_project AS project
    FROM named
),
numbered AS (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY log_name, stamp, insert_id, problem ORDER BY object_name) AS copy
    FROM flat
),
acted AS (
    SELECT
        *,
        CASE
            WHEN method = 'storage.objects.get' THEN 'read'
            WHEN method = 'storage.objects.create' THEN 'write'
            WHEN method = 'storage.objects.delete' THEN 'delete'
            WHEN method IN ('storage.objects.list', 'storage.buckets.list', 'storage.multipartUploads.list',
                'storage.multipartUploads.listParts') THEN 'list'
            WHEN method IN ('storage.objects.update', 'storage.objects.patch') THEN 'update'
            WHEN STARTS_WITH(method, 'storage.multipartUploads.') THEN CASE WHEN ENDS_WITH(method, '.abort') THEN 'update' ELSE 'write' END
            WHEN STARTS_WITH(method, 'storage.buckets.') OR STARTS_WITH(method, 'storage.hmacKeys.') THEN 'admin'
            WHEN object_name = '' AND STRPOS(method, 'Iam') > 0 THEN 'admin'
            WHEN STRPOS(CONCAT(' ', wanted, ' '), ' storage.objects.create ') > 0 THEN 'write'
            WHEN STRPOS(CONCAT(' ', wanted, ' '), ' storage.objects.delete ') > 0 THEN 'delete'
            WHEN STRPOS(CONCAT(' ', wanted, ' '), ' storage.objects.update ') > 0
                OR STRPOS(CONCAT(' ', wanted, ' '), ' storage.objects.setIamPolicy ') > 0
                OR STRPOS(CONCAT(' ', wanted, ' '), ' storage.objects.setRetention ') > 0 THEN 'update'
            WHEN STRPOS(CONCAT(' ', wanted, ' '), ' storage.objects.get ') > 0 THEN 'read'
            WHEN STRPOS(CONCAT(' ', wanted, ' '), ' storage.objects.list ') > 0 THEN 'list'
            WHEN object_name <> '' AND STRPOS(method, 'Iam') > 0 THEN 'update'
            ELSE 'admin'
        END AS op,
        CASE
            WHEN asked = 0 THEN TRUE
            WHEN method = 'storage.objects.get' AND asked > 1 THEN granted_get > 0
            ELSE granted_any > 0
        END AS granted
    FROM numbered
),
judged AS (
    SELECT
        problem,
        copy,
        object_name,
        stamp,
        location,
        project,
        bucket,
        CASE WHEN op IN ('list', 'admin') THEN '' ELSE COALESCE(REGEXP_EXTRACT(object_name, r'^((?:[^/]*/){0,6})'), '') END AS folder,
        CASE WHEN op IN ('list', 'admin') THEN '' ELSE REGEXP_REPLACE(COALESCE(REGEXP_EXTRACT(
            object_name,
            r'(?:^|[^0-9])((?:19|20)[0-9][0-9](?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])|-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])|/(?:0[1-9]|1[0-2])/(?:0[1-9]|[12][0-9]|3[01])|/month=(?:0[1-9]|1[0-2])/day=(?:0[1-9]|[12][0-9]|3[01])))(?:[^0-9]|$|[0-2][0-9][0-5][0-9](?:[0-5][0-9])?(?:[^0-9]|$))'
        ), ''), r'[^0-9]', '') END AS date_digits,
        CAST(stamp AS DATE) AS day,
        principal,
        delegation,
        key_name,
        CASE
            WHEN ours THEN 'thermocline'
            WHEN low_agent = '' THEN ''
            WHEN STRPOS(low_agent, 'storage-transfer') > 0 OR STRPOS(low_agent, 'storagetransfer') > 0 THEN 'transfer'
            WHEN STRPOS(low_agent, 'gsutil/') > 0
                THEN CASE WHEN STRPOS(low_agent, 'interactive/true') > 0 THEN 'gsutil-interactive' ELSE 'gsutil' END
            WHEN STRPOS(low_agent, 'gcloud.storage') > 0 OR STRPOS(low_agent, 'google-cloud-sdk gcloud/') > 0
                THEN CASE
                    WHEN STRPOS(low_agent, 'interactive/true') > 0 AND STRPOS(low_agent, 'from-script/true') = 0 THEN 'gcloud-interactive'
                    ELSE 'gcloud'
                END
            WHEN STRPOS(low_agent, 'thermocline/') > 0 THEN 'thermocline'
            WHEN STRPOS(low_agent, 'gccl/airflow') > 0 OR STRPOS(low_agent, 'airflow/') > 0 OR STRPOS(low_agent, '+composer') > 0 THEN 'airflow'
            WHEN STRPOS(low_agent, 'apache-beam') > 0 OR STRPOS(low_agent, 'gpn:beam') > 0 OR STRPOS(low_agent, 'dataflow') > 0 THEN 'beam'
            WHEN STRPOS(low_agent, 'ghfs/') > 0 OR STRPOS(low_agent, 'hadoop') > 0 OR STRPOS(low_agent, 'dataproc') > 0 THEN 'hadoop'
            WHEN STRPOS(low_agent, 'gcsfuse') > 0 THEN 'gcsfuse'
            WHEN STRPOS(low_agent, 'gcsfs') > 0 THEN 'gcsfs'
            WHEN STRPOS(low_agent, 'bigquery') > 0 THEN 'bigquery'
            WHEN STRPOS(low_agent, 'python') > 0 THEN 'python'
            WHEN STRPOS(low_agent, 'gl-java') > 0 OR STRPOS(low_agent, 'gcloud-java') > 0 OR STRPOS(low_agent, 'google-api-java') > 0 THEN 'java'
            WHEN STRPOS(low_agent, 'gl-go') > 0 OR STRPOS(low_agent, 'gcloud-golang') > 0 OR STRPOS(low_agent, 'go-http-client') > 0 THEN 'go'
            WHEN STRPOS(low_agent, 'mozilla/') > 0 THEN 'browser'
            ELSE 'other'
        END AS agent,
        job,
        op,
        CASE
            WHEN status_code = 5 THEN 'missing'
            WHEN status_code <> 0 THEN 'denied'
            WHEN granted THEN 'ok'
            WHEN op = 'read' AND asked > 1 THEN 'missing'
            ELSE 'denied'
        END AS outcome,
        CASE
            WHEN op <> 'read' OR destination = '' THEN ''
            WHEN STRPOS(destination, '/buckets/') > 0 THEN CONCAT(
                SPLIT(SUBSTR(destination, STRPOS(destination, '/buckets/') + 9), '/')[SAFE_OFFSET(0)], '/',
                CASE WHEN STRPOS(destination, '/objects/') > 0
                    THEN COALESCE(REGEXP_EXTRACT(SUBSTR(destination, STRPOS(destination, '/objects/') + 9), r'^((?:[^/]*/){0,6})'), '')
                    ELSE '' END
            )
            ELSE COALESCE(REGEXP_EXTRACT(REPLACE(destination, 'gs://', ''), r'^((?:[^/]*/){0,7})'), '')
        END AS copied_to,
        CASE
            WHEN op IN ('read', 'list') THEN 'data_read'
            WHEN op = 'admin' OR ENDS_WITH(log_name, 'activity') THEN 'admin'
            ELSE 'data_write'
        END AS log_type
    FROM acted
)
SELECT
    problem,
    bucket,
    folder,
    date_digits,
    day,
    principal,
    delegation,
    key_name,
    agent,
    job,
    op,
    outcome,
    copied_to,
    log_type,
    COUNT(*) AS lines,
    COUNTIF(copy = 1) AS events,
    COUNT(DISTINCT object_name) AS objects,
    MIN(object_name) AS least_name,
    MAX(object_name) AS greatest_name,
    MIN(stamp) AS first_at,
    MAX(stamp) AS last_at,
    MAX(location) AS location,
    MAX(project) AS project
FROM judged
GROUP BY problem, bucket, folder, date_digits, day, principal, delegation, key_name, agent, job, op, outcome, copied_to, log_type
