-- Purpose: the top-level folders. Of more than `most` only those with a share of the bucket stand alone; the rest stays with the
--   root, because a table of ten thousand lines decides nothing.
-- Parameters: most, minimum_share. Columns: path.
WITH total AS (SELECT greatest(sum(bytes), 1) AS bytes, greatest(sum(objects), 1) AS objects, count(*) AS tops FROM node WHERE depth = 1)
SELECT path
FROM node, total
WHERE depth = 1
    AND (total.tops <= $most OR node.bytes >= $minimum_share * total.bytes OR node.objects >= $minimum_share * total.objects)
ORDER BY path;
