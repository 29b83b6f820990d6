-- Purpose: the family of every user agent in the batch. User agents are text that callers write themselves, so this is a hint.
-- Parameters: none. Columns: user_agent, agent.
CREATE OR REPLACE TEMP TABLE agent_family AS
SELECT
    user_agent,
    CASE
        WHEN user_agent = '' THEN ''
        WHEN contains(low, 'storage-transfer') OR contains(low, 'storagetransfer') THEN 'transfer'
        WHEN contains(low, 'gsutil/') THEN CASE WHEN contains(low, 'interactive/true') THEN 'gsutil-interactive' ELSE 'gsutil' END
        WHEN contains(low, 'gcloud.storage') OR contains(low, 'google-cloud-sdk gcloud/')
            THEN CASE
                WHEN contains(low, 'interactive/true') AND NOT contains(low, 'from-script/true') THEN 'gcloud-interactive'
                ELSE 'gcloud'
            END
        WHEN contains(low, 'thermocline/') THEN 'thermocline'
        WHEN contains(low, 'gccl/airflow') OR contains(low, 'airflow/') OR contains(low, '+composer') THEN 'airflow'
        WHEN contains(low, 'apache-beam') OR contains(low, 'gpn:beam') OR contains(low, 'dataflow') THEN 'beam'
        WHEN contains(low, 'ghfs/') OR contains(low, 'hadoop') OR contains(low, 'dataproc') THEN 'hadoop'
        WHEN contains(low, 'gcsfuse') THEN 'gcsfuse'
        WHEN contains(low, 'gcsfs') THEN 'gcsfs'
        WHEN contains(low, 'bigquery') THEN 'bigquery'
        WHEN contains(low, 'gcloud-python') OR contains(low, 'gl-python') OR contains(low, 'python') THEN 'python'
        WHEN contains(low, 'gl-java') OR contains(low, 'gcloud-java') OR contains(low, 'google-api-java') THEN 'java'
        WHEN contains(low, 'gl-go') OR contains(low, 'gcloud-golang') OR contains(low, 'go-http-client') THEN 'go'
        WHEN contains(low, 'mozilla/') THEN 'browser'
        ELSE 'other'
    END AS agent
FROM (SELECT DISTINCT user_agent, lower(user_agent) AS low FROM line_sum WHERE problem = '');
