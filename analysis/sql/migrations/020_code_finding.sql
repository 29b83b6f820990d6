-- Purpose: what a code scan found beside references: assumptions on depth, constants defined twice.
-- Parameters: none. Columns: see the COMMENT ON statements.

CREATE TABLE code_finding (
    checkout VARCHAR NOT NULL,
    env VARCHAR,
    kind VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    line BIGINT NOT NULL,
    others VARCHAR[]
);

COMMENT ON TABLE code_finding IS 'Code that a migration trips over though it names no path: kind path-depth or constant-defined-twice; others are further places, path:line.';
