-- Purpose: where scanners are told from users. Places are the parts of the bucket at the first depth that has `least` of them; the
--   old data of a place is the older half of what was there before the read logs began. How old something is says its
--   partition's date, else its newest creation.
-- Parameters: bucket, snapshot (DATE or NULL), first (DATE or NULL: first day of read logs), least.
-- Columns of place_leaf: leaf_id, place. Columns of folder_leaf: key, leaf_id, objects, settled (when what bears no date
--   came to rest; NULL outside the inventory), old_until (of its place; NULL without old data). Columns of old_place: place, objects.
CREATE OR REPLACE TEMP TABLE place_leaf AS
WITH chosen AS (
    SELECT coalesce(min(level) FILTER (places >= $least), 1) AS level
    FROM (
        SELECT level, count(DISTINCT string_split(leaf, '/')[:level]) AS places
        FROM leaf, unnest(range(1, 7)) AS levels(level)
        WHERE leaf.depth >= level AND objects > 0
        GROUP BY level
    )
)
SELECT leaf_id, array_to_string(string_split(leaf, '/')[:least(level, leaf.depth)], '/') AS place
FROM leaf, chosen;

CREATE OR REPLACE TEMP TABLE folder_age AS
SELECT hash(folder) AS key, coalesce(partition_date, created_max::DATE) AS settled, partition_date IS NULL AS undated,
    sum(objects)::BIGINT AS objects
FROM folder_stats
WHERE bucket = $bucket AND snapshot_date = $snapshot
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE place_age AS
SELECT place, quantile_disc(settled, 0.5) AS old_until
FROM folder_age JOIN folder_leaf USING (key) JOIN place_leaf USING (leaf_id)
WHERE settled < $first
GROUP BY place;

CREATE OR REPLACE TEMP TABLE old_place AS
SELECT place, sum(folder_age.objects)::BIGINT AS objects
FROM folder_age JOIN folder_leaf USING (key) JOIN place_leaf USING (leaf_id) JOIN place_age USING (place)
WHERE settled <= old_until
GROUP BY place;

CREATE OR REPLACE TEMP TABLE folder_leaf AS
SELECT folder_leaf.key, leaf_id, folder_leaf.objects, newest.settled, old_until
FROM folder_leaf
JOIN place_leaf USING (leaf_id)
LEFT JOIN place_age USING (place)
LEFT JOIN (SELECT key, coalesce(max(settled) FILTER (undated), max(settled)) AS settled FROM folder_age GROUP BY key) AS newest USING (key);

DROP TABLE folder_age;
DROP TABLE place_age;
