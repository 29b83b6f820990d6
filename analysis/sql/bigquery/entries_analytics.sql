-- Purpose: entries of a Log Analytics view (`_AllLogs`) under common names. Runs in BigQuery.
-- Parameters: first_at, beyond_at (timestamps); `{table}` is filled in.
SELECT
    log_name,
    timestamp AS stamp,
    insert_id,
    proto_payload.audit_log.service_name AS service,
    proto_payload.audit_log.method_name AS full_method,
    proto_payload.audit_log.resource_name AS resource_name,
    {status_code} AS status_code,
    {principal} AS principal,
    {subject} AS subject,
    {key_name} AS key_name,
    {delegation} AS delegation,
    {user_agent} AS user_agent,
    proto_payload.audit_log.authorization_info AS permissions,
    {metadata} AS metadata,
    {bucket} AS label_bucket,
    {location} AS label_location,
    {project} AS label_project,
    {other_payload} AS other_payload
FROM {table}
WHERE timestamp >= @first_at AND timestamp < @beyond_at
    AND log_name LIKE '%cloudaudit.googleapis.com%'
