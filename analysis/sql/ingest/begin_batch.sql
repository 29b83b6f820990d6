-- Purpose: empty tables for one batch: its files, and its events as flat rows.
-- Parameters: none. Columns: as below; `problem` is empty for a usable event, `line_no` is set where our own reader knows it.
CREATE OR REPLACE TEMP TABLE batch_file (path VARCHAR, file_id BIGINT);

CREATE OR REPLACE TEMP TABLE event (
    file_id BIGINT,
    line_no BIGINT,
    problem VARCHAR,
    event_at TIMESTAMP,
    hash UBIGINT,
    split_index BIGINT,
    log_name VARCHAR,
    method VARCHAR,
    bucket VARCHAR,
    object_name VARCHAR,
    folder VARCHAR,
    date_text VARCHAR,
    label_location VARCHAR,
    label_project VARCHAR,
    status_code BIGINT,
    asked BIGINT,
    granted BOOLEAN,
    wanted VARCHAR,
    principal VARCHAR,
    key_name VARCHAR,
    delegation VARCHAR,
    user_agent VARCHAR,
    job VARCHAR,
    ours BOOLEAN,
    destination VARCHAR
);
