-- Purpose: the tree above the leaves: each prefix up to the maximum depth, with its size and with its effective use.
-- Needs: leaf, use_leaf, known_consumer (consumer_id, kind).
-- Columns of node: path, parent, depth, objects, bytes, direct_bytes, folders, children.
-- Columns of node_use: path, consumer_id, role (read|write), days.
CREATE OR REPLACE TEMP TABLE leaf_ancestor AS
SELECT leaf_id, CASE WHEN i = 0 THEN '' ELSE array_to_string(string_split(leaf, '/')[:i], '/') || '/' END AS path, i::INTEGER AS depth
FROM leaf, unnest(range(0, depth + 1)) AS steps(i);

CREATE OR REPLACE TEMP TABLE node AS
WITH sized AS (
    SELECT path, leaf_ancestor.depth, sum(objects)::BIGINT AS objects, sum(bytes)::BIGINT AS bytes,
        coalesce(sum(direct_bytes) FILTER (leaf = path), 0)::BIGINT AS direct_bytes,
        coalesce(sum(folders) FILTER (leaf = path), 0)::BIGINT + count(*) FILTER (leaf <> path) AS folders,
        -- Folders below the leaf itself that vary: they are contents, not children.
        coalesce(sum(bytes) FILTER (leaf = path), 0)::BIGINT AS own_bytes
    FROM leaf_ancestor JOIN leaf USING (leaf_id)
    GROUP BY ALL
),
placed AS (
    SELECT *, CASE WHEN depth <= 1 THEN '' ELSE array_to_string(string_split(path, '/')[:depth - 1], '/') || '/' END AS parent
    FROM sized
)
SELECT placed.*, coalesce(counted.children, 0) AS children
FROM placed
LEFT JOIN (SELECT parent AS path, count(*) AS children FROM placed WHERE depth > 0 GROUP BY parent) AS counted USING (path);

CREATE OR REPLACE TEMP TABLE node_use AS
SELECT path, consumer_id, role, bit_or(days) AS days
FROM use_leaf
JOIN known_consumer USING (consumer_id)
JOIN leaf_ancestor USING (leaf_id)
WHERE role IN ('read', 'write') AND known_consumer.kind NOT IN ('maintenance', 'ourselves') AND depth > 0
GROUP BY ALL;
