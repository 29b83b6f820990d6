"""Thermocline every Monday: evidence in, verdicts, report, a message when something drifted."""
# ruff: noqa: INP001 - a DAG file, no package

from datetime import datetime, timedelta, timezone

from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG(
    dag_id="thermocline_weekly",
    schedule="17 6 * * 1",
    start_date=datetime(2026, 1, 5, tzinfo=timezone.utc),  # noqa: UP017 - runs on older Pythons, too
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=15)},
) as dag:
    BashOperator(
        task_id="analyse_and_report",
        bash_command="/opt/thermocline/docs/schedule/weekly.sh ",
        env={
            "BUCKET": "my-bucket",
            "LOGS": "gs://my-log-sink/cloudaudit.googleapis.com",
            "STATE": "/home/airflow/gcs/data/thermocline",
            "CHECKOUT": "/home/airflow/gcs/dags",
        },
        append_env=True,
    )
