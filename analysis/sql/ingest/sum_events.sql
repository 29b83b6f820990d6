-- Purpose: the batch's new events, judged (what each did and how it ended) and summed; access, coverage and buckets are taken
--   from these sums.
-- Parameters: none. Columns: those of `access`, with the date as text, the names behind the bounds, log_type, location and project.
CREATE OR REPLACE TEMP TABLE summed AS
WITH fresh AS (
    SELECT e.* REPLACE (p.shown AS principal, d.shown AS delegation), a.agent
    FROM event AS e
    JOIN agent_family AS a USING (user_agent)
    JOIN identity_shown AS p ON p.identity = e.principal
    JOIN identity_shown AS d ON d.identity = e.delegation
    ANTI JOIN repeated AS r ON r.row_id = e.rowid
    WHERE e.problem = ''
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
            WHEN contains(wanted, ' storage.objects.create ') THEN 'write'
            WHEN contains(wanted, ' storage.objects.delete ') THEN 'delete'
            WHEN contains(wanted, ' storage.objects.update ') OR contains(wanted, ' storage.objects.setIamPolicy ')
                OR contains(wanted, ' storage.objects.setRetention ') THEN 'update'
            WHEN contains(wanted, ' storage.objects.get ') THEN 'read'
            WHEN contains(wanted, ' storage.objects.list ') THEN 'list'
            WHEN object_name <> '' AND contains(method, 'Iam') THEN 'update'
            ELSE 'admin'
        END AS op
    FROM fresh
)
SELECT
    bucket,
    CASE WHEN op IN ('list', 'admin') THEN '' ELSE folder END AS folder,
    CASE WHEN op IN ('list', 'admin') THEN '' ELSE date_text END AS date_text,
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
        WHEN op = 'read' AND asked > 1 THEN 'missing'
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
    count(*) AS events,
    -- Counted over hashes: these are not kept, so it does not matter that they may differ between versions.
    len(list_distinct(list(hash(object_name)))) AS objects,
    min(object_name) AS least_name,
    max(object_name) AS greatest_name,
    min(event_at) AS first_at,
    max(event_at) AS last_at,
    max(lower(label_location)) AS location,
    max(label_project) AS project
FROM acted
GROUP BY ALL;
