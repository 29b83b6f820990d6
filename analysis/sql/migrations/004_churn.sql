-- Purpose: what came, went and changed between two inventories, object by object; computed while both are at hand.
-- Parameters: none. Columns: see the COMMENT ON statements.

CREATE TABLE object_churn (
    bucket VARCHAR NOT NULL,
    folder VARCHAR NOT NULL,
    previous_date DATE NOT NULL,
    snapshot_date DATE NOT NULL,
    new_objects BIGINT NOT NULL,
    new_bytes BIGINT NOT NULL,
    gone_objects BIGINT NOT NULL,
    gone_bytes BIGINT NOT NULL,
    rewritten_objects BIGINT NOT NULL,
    rewritten_bytes BIGINT NOT NULL
);

COMMENT ON TABLE object_churn IS 'Objects that came, went or were rewritten between an inventory and the one before it.';

CREATE VIEW v_churn AS FROM object_churn;

COMMENT ON VIEW v_churn IS 'Objects that came, went or were rewritten in each folder between an inventory and the one before it.';
COMMENT ON COLUMN v_churn.folder IS 'with its closing slash, at most six levels';
COMMENT ON COLUMN v_churn.rewritten_objects IS 'objects of the same name with another generation (another size or checksum where that is not known)';
COMMENT ON COLUMN v_churn.rewritten_bytes IS 'their size in the later inventory';
