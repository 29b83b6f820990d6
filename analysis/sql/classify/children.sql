-- Purpose: the children that a boundary could separate: those of parents whose children differ in users or in warmth, and
--   only children with a weight of their own.
-- Parameters: minimum_share, minimum_bytes, warm (read days of the last 30), divided (VARCHAR[]: parents that the snapshot before divided),
--   regular (days in use that make a consumer a regular one).
-- Columns: parent, path, objects, bytes, read_days_30 (without clients that may be scanners: they warm all alike), consumers (services and externals, sorted), regulars (those of them that come regularly).
WITH used AS (
    SELECT path,
        -- The first 30 of the 400 days.
        coalesce(bit_count(bit_or(days) FILTER (role = 'read' AND NOT suspect) & rpad(repeat('1', 30), 400, '0')::BIT), 0) AS read_days_30,
        list_sort(list(DISTINCT consumer_id) FILTER (kind IN ('service', 'external'))) AS consumers,
        list_sort(list(DISTINCT consumer_id) FILTER (kind IN ('service', 'external') AND bit_count(days) >= $regular)) AS regulars
    FROM node_use JOIN known_consumer USING (consumer_id)
    GROUP BY path
),
weighed AS (
    SELECT child.parent, child.path, child.objects, child.bytes,
        coalesce(used.read_days_30, 0) AS read_days_30, coalesce(used.consumers, []) AS consumers,
        coalesce(used.regulars, []) AS regulars
    FROM node AS child
    JOIN node AS parent ON parent.path = child.parent AND parent.depth = child.depth - 1
    LEFT JOIN used ON used.path = child.path
    WHERE child.depth > 1 AND parent.children > 1
        AND (child.bytes >= $minimum_share * parent.bytes OR child.objects >= $minimum_share * parent.objects)
        AND child.bytes >= $minimum_bytes
),
differing AS (
    SELECT parent FROM weighed GROUP BY parent
    HAVING count(DISTINCT (consumers, read_days_30 >= $warm)) > 1 OR list_contains($divided, parent)
)
SELECT parent, path, objects, bytes, read_days_30, consumers, regulars
FROM weighed JOIN differing USING (parent)
ORDER BY parent, path;
