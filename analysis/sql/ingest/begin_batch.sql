-- Purpose: an empty table for one batch: its lines summed by everything that later steps tell apart.
-- Parameters: none. Columns: as below; `problem` is empty for usable events, `line_no` is set for unusable lines where our own
--   reader knows it. `hashes` and `objects` run in parallel: one event's identity, and which object it concerned. `some_name` is the
--   name of any of the objects.
CREATE OR REPLACE TEMP TABLE line_sum (
    file_id BIGINT,
    problem VARCHAR,
    line_no BIGINT,
    bucket VARCHAR,
    folder VARCHAR,
    date_text VARCHAR,
    of_object BOOLEAN,
    day DATE,
    of_activity BOOLEAN,
    method VARCHAR,
    principal VARCHAR,
    key_name VARCHAR,
    delegation VARCHAR,
    user_agent VARCHAR,
    job VARCHAR,
    ours BOOLEAN,
    status_code BIGINT,
    asked BIGINT,
    granted BOOLEAN,
    wanted VARCHAR,
    destination VARCHAR,
    events BIGINT,
    hashes UBIGINT[],
    objects UBIGINT[],
    some_name VARCHAR,
    first_at TIMESTAMP,
    last_at TIMESTAMP,
    location VARCHAR,
    project VARCHAR
);
