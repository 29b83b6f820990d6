-- Purpose: remember that a catalogue holds pseudonyms, and by which key.
-- Parameters: none. Columns: as below.
CREATE TABLE pseudonym_setting (key_fingerprint VARCHAR NOT NULL);

COMMENT ON TABLE pseudonym_setting IS 'One row where people are replaced by pseudonyms; the key itself is not stored.';
