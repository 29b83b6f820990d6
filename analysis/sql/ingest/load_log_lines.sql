-- Purpose: read NDJSON log lines and flatten what later steps need; nothing is dropped, a line that cannot be read becomes
--   a row with `problem` set.
-- Parameters: files (list of paths; all of one compression), compression, line_bytes (longest line accepted).
-- Columns: see the final SELECT. `line_no` is only set by files that our own reader has rewritten.
INSERT INTO event BY NAME
WITH line AS (
    SELECT
        f.file_id,
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
        compression = $compression,
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
    JOIN batch_file AS f ON f.path = j.filename
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
)

SELECT
    file_id,
    line_no,
    CASE
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
    event_at,
    -- Parts of a split entry are one event.
    md5_number_upper(concat(log_name, chr(10), epoch_us(event_at), chr(10), coalesce(
        split_uid, insert_id, concat_ws(chr(10), method, resource, caller.principalEmail, user_agent)
    ))) AS hash,
    split_index,
    log_name,
    coalesce(method, '') AS method,
    bucket,
    object_name,
    folder_of(object_name) AS folder,
    date_text_of(object_name) AS date_text,
    label_location,
    label_project,
    status_code,
    len(permissions) AS asked,
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
    coalesce(destination, '') AS destination
FROM split_name;
