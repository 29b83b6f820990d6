-- Purpose: events of the batch that are new, with what each did and how it ended.
-- Parameters: none. Columns: those of `access` before summing, with object_name and log_type.
CREATE OR REPLACE TEMP VIEW judged AS
WITH fresh AS (
    SELECT e.* REPLACE (p.shown AS principal, d.shown AS delegation), a.agent
    FROM event AS e
    JOIN agent_family AS a USING (user_agent)
    JOIN identity_shown AS p ON p.identity = e.principal
    JOIN identity_shown AS d ON d.identity = e.delegation
    ANTI JOIN repeated AS r ON r.row_id = e.rowid
    WHERE e.problem = ''
),
permitted AS (
    SELECT
        *,
        CASE
            WHEN method IN ('storage.objects.get', 'storage.objects.list', 'storage.objects.create', 'storage.objects.delete',
                'storage.objects.update', 'storage.objects.patch') THEN []
            ELSE coalesce(list_transform(permissions, lambda p: p.permission), [])
        END AS wanted,
        CASE
            WHEN coalesce(len(permissions), 0) = 0 THEN NULL
            WHEN len(permissions) = 1 THEN coalesce(permissions[1].granted, false)
            WHEN method = 'storage.objects.get'
                THEN len(list_filter(permissions, lambda p: p.permission = 'storage.objects.get' AND p.granted)) > 0
            ELSE len(list_filter(permissions, lambda p: p.granted)) > 0
        END AS granted
    FROM fresh
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
            WHEN prefix(method, 'storage.multipartUploads.') THEN CASE WHEN suffix(method, '.abort') THEN 'update' ELSE 'write' END
            WHEN prefix(method, 'storage.buckets.') OR prefix(method, 'storage.hmacKeys.') THEN 'admin'
            WHEN object_name = '' AND contains(method, 'Iam') THEN 'admin'
            -- A method that we have not heard of is known by what it had to be allowed to do.
            WHEN list_contains(wanted, 'storage.objects.create') THEN 'write'
            WHEN list_contains(wanted, 'storage.objects.delete') THEN 'delete'
            WHEN list_contains(wanted, 'storage.objects.update') OR list_contains(wanted, 'storage.objects.setIamPolicy')
                OR list_contains(wanted, 'storage.objects.setRetention') THEN 'update'
            WHEN list_contains(wanted, 'storage.objects.get') THEN 'read'
            WHEN list_contains(wanted, 'storage.objects.list') THEN 'list'
            WHEN object_name <> '' AND contains(method, 'Iam') THEN 'update'
            ELSE 'admin'
        END AS op
    FROM permitted
)
SELECT
    bucket,
    CASE WHEN op IN ('list', 'admin') THEN '' ELSE folder END AS folder,
    CASE WHEN op NOT IN ('list', 'admin') THEN text_as_date(date_text) END AS partition_date,
    event_at::DATE AS day,
    principal,
    delegation,
    key_name,
    CASE WHEN ours THEN 'thermocline' ELSE agent END AS agent,
    job,
    op,
    CASE
        WHEN status_code = 5 THEN 'missing'
        WHEN status_code <> 0 THEN 'denied'
        WHEN coalesce(granted, true) THEN 'ok'
        -- The caller may list, so it is told that the object is not there rather than refused.
        WHEN op = 'read' AND len(permissions) > 1 THEN 'missing'
        ELSE 'denied'
    END AS outcome,
    CASE
        WHEN op <> 'read' OR destination = '' THEN ''
        WHEN contains(destination, '/buckets/') THEN concat(
            split_part(substr(destination, instr(destination, '/buckets/') + 9), '/', 1), '/',
            CASE WHEN contains(destination, '/objects/')
                THEN folder_of(substr(destination, instr(destination, '/objects/') + 9)) ELSE '' END
        )
        ELSE regexp_extract(replace(destination, 'gs://', ''), '^(?:[^/]*/){0,7}')
    END AS copied_to,
    CASE
        WHEN op IN ('read', 'list') THEN 'data_read'
        WHEN op = 'admin' OR suffix(log_name, 'activity') THEN 'admin'
        ELSE 'data_write'
    END AS log_type,
    object_name,
    event_at,
    hash,
    label_location,
    label_project
FROM acted;
