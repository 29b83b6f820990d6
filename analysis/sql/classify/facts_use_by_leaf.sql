-- Purpose: who read and wrote in which part of a subfolder, for subfolders where code or the clock may tell several jobs apart.
-- Parameters: prefixes (VARCHAR[]).
-- Columns: prefix, leaf, consumer_id, role, days, events, objects, bytes, first_at, last_at,
--   object_min, object_max, hours (as in facts_use).
SELECT prefix, leaf.leaf, consumer_id, role, bit_or(use_leaf.days)::VARCHAR AS days, sum(use_leaf.events)::BIGINT AS events,
    sum(use_leaf.objects)::BIGINT AS objects, sum(use_leaf.bytes)::BIGINT AS bytes, min(first_at) AS first_at, max(last_at) AS last_at, min(object_min) AS object_min, max(object_max) AS object_max,
    bit_or(hours) AS hours
FROM use_leaf JOIN subfolder_leaf USING (leaf_id) JOIN leaf USING (leaf_id)
WHERE role IN ('read', 'write') AND list_contains($prefixes, prefix)
GROUP BY ALL
ORDER BY ALL;
