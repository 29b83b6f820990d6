-- Purpose: add one finding. Parameters, in order: the columns as listed.
INSERT INTO code_finding (checkout, env, kind, message, file, line, others) VALUES (?, ?, ?, ?, ?, ?, ?);
