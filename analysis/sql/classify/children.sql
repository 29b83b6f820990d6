-- Purpose: the children that a boundary could separate: those of parents whose children differ in users or in warmth, and
--   only children with a weight of their own.
-- Parameters: minimum_share, minimum_bytes, warm (read days of the last 30).
-- Columns: parent, path, objects, bytes, folders, children, read_days_30, consumers (services and externals, sorted).
WITH recent AS (SELECT rpad(repeat('1', 30), 400, '0')::BIT AS days),
used AS (
    SELECT path,
        coalesce(bit_count(bit_or(days) FILTER (role = 'read') & any_value(recent.days)), 0) AS read_days_30,
        list_sort(list(DISTINCT consumer_id) FILTER (kind IN ('service', 'external'))) AS consumers
    FROM (SELECT node_use.path, role, node_use.days, consumer_id, kind FROM node_use JOIN consumer USING (consumer_id)) AS uses,
        (SELECT days FROM recent) AS recent
    GROUP BY path
),
weighed AS (
    SELECT child.parent, child.path, child.objects, child.bytes, child.folders, child.children,
        coalesce(used.read_days_30, 0) AS read_days_30, coalesce(used.consumers, []) AS consumers
    FROM node AS child
    JOIN node AS parent ON parent.path = child.parent AND parent.depth = child.depth - 1
    LEFT JOIN used ON used.path = child.path
    WHERE child.depth > 1 AND parent.children > 1
        AND (child.bytes >= $minimum_share * parent.bytes OR child.objects >= $minimum_share * parent.objects)
        AND child.bytes >= $minimum_bytes
),
differing AS (
    SELECT parent FROM weighed GROUP BY parent
    HAVING count(DISTINCT (consumers, read_days_30 >= $warm)) > 1
)
SELECT weighed.* FROM weighed JOIN differing USING (parent) ORDER BY parent, path;
