-- Purpose: what tells scanners from users: of how many top-level folders a consumer has read half of the objects or more.
-- Needs: known_folder, leaf, use_leaf.
-- Columns: consumer_id, reads, objects, tops, writes.
WITH held AS (
    SELECT split_part(folder, '/', 1) AS top, sum(objects) AS held FROM known_folder WHERE folder <> '' GROUP BY ALL
),
calls AS (
    SELECT consumer_id, split_part(leaf, '/', 1) AS top,
        coalesce(sum(use_leaf.events) FILTER (role IN ('read', 'poll')), 0) AS reads,
        coalesce(sum(use_leaf.objects) FILTER (role IN ('read', 'poll')), 0) AS objects,
        coalesce(sum(use_leaf.events) FILTER (role IN ('write', 'delete')), 0) AS writes
    FROM use_leaf JOIN leaf USING (leaf_id)
    GROUP BY ALL
)
SELECT consumer_id, sum(reads)::BIGINT AS reads, sum(objects)::BIGINT AS objects,
    count(*) FILTER (objects > 0 AND 2 * objects >= held) AS tops, sum(writes)::BIGINT AS writes
FROM calls LEFT JOIN held USING (top)
GROUP BY consumer_id;
