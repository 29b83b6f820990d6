-- Purpose: take a file out of the ledger that is read again, because another file of its inventory is new.
-- Parameters: kind, uri, checksum. Columns: none.
DELETE FROM evidence_file WHERE kind = $kind AND uri = $uri AND checksum = $checksum;
