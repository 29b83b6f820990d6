-- Purpose: remember the new requests.
-- Parameters: none. Columns: those of `seen`.
INSERT INTO seen SELECT day, hash FROM request WHERE NOT repeated ORDER BY day, hash;
