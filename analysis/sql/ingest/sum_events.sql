-- Purpose: the batch's new events, judged (what each did and how it ended) and summed; access, coverage and buckets are taken
--   from these sums.
-- Parameters: none. Columns of summed: those of `access`, with the date as text, the only object's name, log_type, location
--   and project.
CREATE OR REPLACE TEMP TABLE judged AS
WITH fresh AS (
    SELECT
        l.rowid AS sum_id,
        l.* REPLACE (p.shown AS principal, d.shown AS delegation, coalesce(r.events, l.events) AS events),
        a.agent
    FROM line_sum AS l
    JOIN agent_family AS a USING (user_agent)
    JOIN identity_shown AS p ON p.identity = l.principal
    JOIN identity_shown AS d ON d.identity = l.delegation
    LEFT JOIN recount AS r ON r.sum_id = l.rowid
    WHERE l.problem = '' AND coalesce(r.events, 1) > 0
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
            WHEN NOT of_object AND contains(method, 'Iam') THEN 'admin'
            -- A method that we have not heard of is known by what it had to be allowed to do.
            WHEN contains(wanted, ' storage.objects.create ') THEN 'write'
            WHEN contains(wanted, ' storage.objects.delete ') THEN 'delete'
            WHEN contains(wanted, ' storage.objects.update ') OR contains(wanted, ' storage.objects.setIamPolicy ')
                OR contains(wanted, ' storage.objects.setRetention ') THEN 'update'
            WHEN contains(wanted, ' storage.objects.get ') THEN 'read'
            WHEN contains(wanted, ' storage.objects.list ') THEN 'list'
            WHEN of_object AND contains(method, 'Iam') THEN 'update'
            ELSE 'admin'
        END AS op
    FROM fresh
),
settled AS (
    SELECT
        sum_id,
        bucket,
        CASE WHEN op IN ('list', 'admin') THEN '' ELSE folder END AS folder,
        CASE WHEN op IN ('list', 'admin') THEN '' ELSE coalesce(date_text, date_text_of(folder)) END AS date_text,
        day,
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
        CASE WHEN op = 'read' THEN destination ELSE '' END AS copied_to,
        CASE
            WHEN op IN ('read', 'list') THEN 'data_read'
            WHEN op = 'admin' OR of_activity THEN 'admin'
            ELSE 'data_write'
        END AS log_type,
        events,
        list_min(objects) AS least_object,
        list_max(objects) AS greatest_object,
        some_name,
        first_at,
        last_at,
        lower(location) AS location,
        project
    FROM acted
)
-- The key stands for all the columns that tell sums apart; it lives no longer than the batch.
SELECT
    hash(bucket, folder, date_text, day, principal, delegation, key_name, agent, job, op, outcome, copied_to, log_type) AS key,
    *
FROM settled;

CREATE OR REPLACE TEMP TABLE summed AS
WITH object_count AS (
    SELECT j.key, count(DISTINCT e.object) AS objects
    FROM event_id AS e
    ANTI JOIN repeated AS r ON r.row_id = e.rowid
    JOIN judged AS j ON j.sum_id = e.sum_id
    GROUP BY j.key
),
merged AS (
    SELECT
        key, bucket, folder, date_text, day, principal, delegation, key_name, agent, job, op, outcome, copied_to, log_type,
        sum(events)::BIGINT AS events,
        -- NULL where several objects are concerned.
        CASE WHEN min(least_object) = max(greatest_object) THEN any_value(some_name) END AS only_name,
        min(first_at) AS first_at,
        max(last_at) AS last_at,
        max(location) AS location,
        max(project) AS project
    FROM judged
    GROUP BY ALL
)
SELECT * EXCLUDE (key) FROM merged JOIN object_count USING (key);
