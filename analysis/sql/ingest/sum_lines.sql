-- Purpose: read NDJSON log lines and sum them at once, since events themselves would take thirty times the space; nothing is
--   dropped, lines that cannot be used are summed by `problem`.
-- Parameters: files (list of paths, not packed), file_ids (their numbers, in the same order), line_bytes (longest line accepted).
-- Columns: those of `line_sum`, see begin_batch.sql.
INSERT INTO line_sum BY NAME
WITH line AS (
    SELECT
        -- A path is constant within a chunk of lines, so this costs nothing; joining with a table would, for every line.
        $file_ids[list_position($files, j.filename)] AS file_id,
        j._line AS line_no,
        j.insertId AS insert_id,
        coalesce(j.logName, '') AS log_name,
        j.split.uid AS split_uid,
        coalesce(j.split.index, 0) AS split_index,
        j.timestamp AS stamp,
        -- Sinks write UTC with a Z; an offset must be honoured, and words that DuckDB takes for a time must not.
        CASE
            WHEN substr(j.timestamp, 11, 1) <> 'T' THEN NULL
            WHEN suffix(j.timestamp, 'Z') THEN try_cast(j.timestamp AS TIMESTAMP)
            ELSE try_cast(j.timestamp AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
        END AS event_at,
        j.textPayload IS NOT NULL OR j.jsonPayload IS NOT NULL AS other_payload,
        j.resource.labels.bucket_name AS label_bucket,
        j.resource.labels.location AS label_location,
        j.resource.labels.project_id AS label_project,
        j.protoPayload.serviceName AS service,
        j.protoPayload.methodName AS full_method,
        j.protoPayload.resourceName AS resource_name,
        j.protoPayload.metadata.resourceNames AS resource_names,
        coalesce(j.protoPayload.status.code, 0) AS status_code,
        j.protoPayload.authenticationInfo AS caller,
        j.protoPayload.authorizationInfo AS permissions,
        j.protoPayload.requestMetadata.callerSuppliedUserAgent AS user_agent,
        j.protoPayload.metadata.audit_context.audit_info AS headers,
        j.protoPayload.metadata.destination AS destination
    FROM read_json(
        $files,
        format = 'newline_delimited',
        compression = 'none',
        maximum_object_size = $line_bytes,
        ignore_errors = true,
        filename = true,
        hive_partitioning = false,
        columns = {
            _line: 'BIGINT',
            insertId: 'VARCHAR',
            logName: 'VARCHAR',
            timestamp: 'VARCHAR',
            textPayload: 'VARCHAR',
            jsonPayload: 'VARCHAR',
            split: 'STRUCT(uid VARCHAR, "index" BIGINT)',
            resource: 'STRUCT(labels STRUCT(bucket_name VARCHAR, location VARCHAR, project_id VARCHAR))',
            protoPayload: 'STRUCT(
                serviceName VARCHAR,
                methodName VARCHAR,
                resourceName VARCHAR,
                status STRUCT(code BIGINT),
                authenticationInfo STRUCT(
                    principalEmail VARCHAR,
                    principalSubject VARCHAR,
                    serviceAccountKeyName VARCHAR,
                    serviceAccountDelegationInfo STRUCT(
                        principalSubject VARCHAR,
                        firstPartyPrincipal STRUCT(principalEmail VARCHAR)
                    )[]
                ),
                requestMetadata STRUCT(callerSuppliedUserAgent VARCHAR),
                authorizationInfo STRUCT(permission VARCHAR, granted BOOLEAN)[],
                metadata STRUCT(
                    destination VARCHAR,
                    resourceNames VARCHAR[],
                    audit_context STRUCT(
                        audit_info STRUCT("x-goog-custom-audit-job" VARCHAR, "x-goog-custom-audit-thermocline" VARCHAR)
                    )
                )
            )'
        }
    ) AS j
),

located AS (
    SELECT
        *,
        -- A refusal by policy names its object only in the metadata.
        CASE
            WHEN contains(resource_name, '/buckets/') THEN resource_name
            WHEN len(resource_names) > 0 THEN resource_names[1]
            ELSE ''
        END AS resource,
        CASE WHEN prefix(full_method, 'google.') THEN substr(full_method, 8) ELSE full_method END AS method
    FROM line
),

named AS (
    SELECT
        *,
        CASE WHEN contains(resource, '/buckets/') THEN substr(resource, instr(resource, '/buckets/') + 9) ELSE '' END AS place
    FROM located
),

split_name AS (
    SELECT
        *,
        coalesce(nullif(split_part(place, '/', 1), ''), label_bucket, '') AS bucket,
        -- The first /objects/ after the bucket; the object's name is raw and may hold another one.
        CASE WHEN contains(place, '/objects/') THEN substr(place, instr(place, '/objects/') + 9) ELSE '' END AS object_name
    FROM named
),

in_folder AS (SELECT *, folder_of(object_name) AS folder FROM split_name),

-- What a line is worth, with the end of its object's name.
event AS (
    SELECT
        *,
        CASE
            -- Nearly every line; the other rules only tell why a line is not like that.
            WHEN service = 'storage.googleapis.com' AND event_at IS NOT NULL AND method IS NOT NULL THEN ''
            WHEN insert_id IS NULL AND stamp IS NULL AND log_name = '' AND service IS NULL AND full_method IS NULL
                AND NOT other_payload THEN 'no log entry'
            WHEN stamp IS NULL THEN 'no timestamp'
            WHEN event_at IS NULL THEN 'bad timestamp'
            WHEN service IS NULL AND full_method IS NULL AND NOT other_payload THEN 'no payload'
            WHEN service IS NOT NULL AND service <> 'storage.googleapis.com' THEN 'not storage'
            WHEN service IS NULL AND NOT coalesce(prefix(method, 'storage.'), false) THEN 'not storage'
            WHEN method IS NULL THEN 'no method'
            ELSE ''
        END AS problem,
        substr(object_name, length(folder) + 1) AS rest
    FROM in_folder
)

SELECT
    file_id,
    problem,
    -- Only files that our own reader has rewritten know their line numbers.
    CASE WHEN problem NOT IN ('', 'not storage') THEN line_no END AS line_no,
    bucket,
    folder,
    CASE WHEN may_end_date(rest) THEN date_text_of(object_name) END AS date_text,
    object_name <> '' AS of_object,
    event_at::DATE AS day,
    suffix(log_name, 'activity') AS of_activity,
    coalesce(method, '') AS method,
    coalesce(caller.principalEmail, caller.principalSubject, '') AS principal,
    coalesce(caller.serviceAccountKeyName, '') AS key_name,
    CASE
        WHEN len(caller.serviceAccountDelegationInfo) > 0 THEN array_to_string(
            list_transform(
                caller.serviceAccountDelegationInfo,
                lambda d: coalesce(d.firstPartyPrincipal.principalEmail, d.principalSubject, '')
            ),
            ','
        )
        ELSE ''
    END AS delegation,
    coalesce(user_agent, '') AS user_agent,
    coalesce(headers."x-goog-custom-audit-job", '') AS job,
    headers."x-goog-custom-audit-thermocline" IS NOT NULL AS ours,
    status_code,
    coalesce(len(permissions), 0) AS asked,
    CASE
        WHEN coalesce(len(permissions), 0) = 0 THEN NULL
        WHEN len(permissions) = 1 THEN coalesce(permissions[1].granted, false)
        WHEN method = 'storage.objects.get'
            THEN len(list_filter(permissions, lambda p: p.permission = 'storage.objects.get' AND p.granted)) > 0
        ELSE len(list_filter(permissions, lambda p: p.granted)) > 0
    END AS granted,
    -- Only for methods that we have not heard of; see sum_events.sql.
    CASE
        WHEN method IN ('storage.objects.get', 'storage.objects.list', 'storage.objects.create', 'storage.objects.delete',
            'storage.objects.update', 'storage.objects.patch') OR len(permissions) IS NULL THEN ''
        ELSE concat(' ', array_to_string(list_transform(permissions, lambda p: p.permission), ' '), ' ')
    END AS wanted,
    CASE WHEN destination IS NULL THEN '' ELSE place_of_copy(destination) END AS destination,
    count(*) AS events,
    -- Parts of a split entry are one event.
    list(stable_hash(concat(log_name, chr(10), epoch_us(event_at), chr(10), coalesce(
        split_uid, insert_id, concat_ws(chr(10), method, resource, caller.principalEmail, user_agent)
    )))) AS hashes,
    -- Only counted, never kept, so it does not matter that hash() may differ between versions.
    list(hash(object_name)) AS objects,
    any_value(object_name) AS some_name,
    min(event_at) AS first_at,
    max(event_at) AS last_at,
    max(label_location) AS location,
    max(label_project) AS project
FROM event
GROUP BY ALL;
