-- Purpose: an empty table for the roll-up of calls, which is filled one part of the folders at a time.
-- Columns: who did what in which leaf. role is read, poll, copy, write, delete, update, denied, missing or usage;
--   bit n of days stands for the day n days before as_of; object_min and object_max are equal where it is always the same object;
--   bit n of hours stands for the UTC hour n, from the first to the last call of each day; old_objects are those of the old data (see place.sql).
--   A leaf may have several rows, one per part.
CREATE OR REPLACE TEMP TABLE use_leaf (
    leaf_id INTEGER, consumer_id INTEGER, role VARCHAR, days BIT, events BIGINT, objects BIGINT, bytes BIGINT,
    first_at TIMESTAMP, last_at TIMESTAMP, object_min UBIGINT, object_max UBIGINT,
    old_objects BIGINT, hours UINTEGER
);
