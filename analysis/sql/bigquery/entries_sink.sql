-- Purpose: entries of a BigQuery log sink (partitioned or date-sharded) under common names. Runs in BigQuery.
-- Parameters: first_at, beyond_at (timestamps); `{table}` and the `{...}` fields are filled in by the layout that was recognised.
SELECT
    logName AS log_name,
    timestamp AS stamp,
    insertId AS insert_id,
    protopayload_auditlog.serviceName AS service,
    protopayload_auditlog.methodName AS full_method,
    protopayload_auditlog.resourceName AS resource_name,
    {status_code} AS status_code,
    {principal} AS principal,
    {subject} AS subject,
    {key_name} AS key_name,
    {delegation} AS delegation,
    {user_agent} AS user_agent,
    protopayload_auditlog.authorizationInfo AS permissions,
    {metadata} AS metadata,
    {bucket} AS label_bucket,
    {location} AS label_location,
    {project} AS label_project,
    {other_payload} AS other_payload
FROM {table}
WHERE timestamp >= @first_at AND timestamp < @beyond_at AND {suffix}
