-- Purpose: who did what in which subfolder.
-- Columns: prefix, consumer_id, role, days (400 characters of 0 and 1, from as_of backwards), events, objects, bytes,
--   first_at, last_at, object_min, object_max, hours (bit n: UTC hour n).
SELECT prefix, consumer_id, role, bit_or(days)::VARCHAR AS days, sum(events)::BIGINT AS events, sum(objects)::BIGINT AS objects,
    sum(bytes)::BIGINT AS bytes, min(first_at) AS first_at, max(last_at) AS last_at, min(object_min) AS object_min, max(object_max) AS object_max,
    bit_or(hours) AS hours
FROM use_leaf JOIN subfolder_leaf USING (leaf_id)
GROUP BY ALL
ORDER BY ALL;
