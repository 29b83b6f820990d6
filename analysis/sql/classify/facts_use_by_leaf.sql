-- Purpose: who read and wrote in which part of a subfolder, for subfolders where code names several jobs.
-- Parameters: prefixes (VARCHAR[]).
-- Columns: prefix, leaf, consumer_id, role, days, events, objects, bytes, first_at, last_at.
SELECT prefix, leaf.leaf, consumer_id, role, bit_or(use_leaf.days)::VARCHAR AS days, sum(use_leaf.events)::BIGINT AS events,
    sum(use_leaf.objects)::BIGINT AS objects, sum(use_leaf.bytes)::BIGINT AS bytes, min(first_at) AS first_at, max(last_at) AS last_at
FROM use_leaf JOIN subfolder_leaf USING (leaf_id) JOIN leaf USING (leaf_id)
WHERE role IN ('read', 'write') AND list_contains($prefixes, prefix)
GROUP BY ALL
ORDER BY ALL;
