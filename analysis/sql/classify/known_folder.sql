-- Purpose: every folder that the inventory or the logs know, with its template and with its literal part: the segments
--   before the first one that varies, at most `depth` of them. A segment that only ends in a number counts as varying
--   when it has at least three siblings of its shape, and so does `key=value` at the top, where it may be a name; `prod` in `data-bucket-prod` varies wherever it is not the first.
--   Where the very first segment varies behind a beginning of its own, that beginning is the literal part: `customer_*/`.
-- Parameters: bucket, from_day, to_day, snapshot (DATE or NULL), envs (VARCHAR[]), depth (INTEGER).
-- Columns: folder, key (hash of folder), objects, bytes, template, leaf (literal part with closing slash, '' at the root).
CREATE OR REPLACE TEMP TABLE known_folder AS
WITH found AS (
    SELECT folder, sum(objects) AS objects, sum(bytes) AS bytes
    FROM folder_stats
    WHERE bucket = $bucket AND snapshot_date = $snapshot
    GROUP BY folder
    UNION ALL
    SELECT DISTINCT folder, 0, 0
    FROM access
    WHERE bucket = $bucket AND day BETWEEN $from_day AND $to_day AND op NOT IN ('list', 'admin')
),
merged AS (
    SELECT folder, sum(objects)::BIGINT AS objects, sum(bytes)::BIGINT AS bytes FROM found GROUP BY folder
),
folded AS (
    SELECT *,
        CASE WHEN regexp_matches(folder, '[0-9=]') THEN fold_ids(fold_date_paths(fold_dates(folder))) ELSE folder END AS shape
    FROM merged
),
split AS (
    SELECT folder, objects, bytes,
        string_split(folder, '/')[:-2] AS raw,
        list_transform(
            string_split(shape, '/')[:-2],
            lambda segment, i: CASE WHEN i >= 2 AND list_contains($envs, segment) THEN '{env}' ELSE segment END
        ) AS shapes,
        contains(shape, '{n}') OR regexp_matches(shape, '^[^/]*=\{value\}/') AS doubtful
    FROM folded
),
numbered AS (
    SELECT DISTINCT i AS position, array_to_string(raw[:i - 1], '/') AS parent, shapes[i] AS shape, raw[i] AS segment
    FROM (SELECT raw, shapes FROM split WHERE doubtful), unnest(range(1, least(len(shapes), $depth) + 1)) AS positions(i)
    WHERE (contains(shapes[i], '{n}') AND NOT contains(replace(shapes[i], '{n}', ''), '{')) OR (i = 1 AND ends_with(shapes[i], '={value}'))
),
alone AS (
    -- Four digits behind a name may be a year, until there are ten of them.
    SELECT position, parent, shape FROM numbered GROUP BY ALL
    HAVING count(*) < CASE WHEN bool_and(regexp_matches(segment, '[^0-9](19|20)[0-9]{2}$')) THEN 10 ELSE 3 END
),
literal AS (
    SELECT split.folder, list(alone.position) AS positions
    FROM split, alone
    WHERE split.doubtful AND split.shapes[alone.position] = alone.shape
        AND array_to_string(split.raw[:alone.position - 1], '/') = alone.parent
    GROUP BY split.folder
),
settled AS (
    SELECT split.folder, objects, bytes, raw,
        CASE WHEN positions IS NULL THEN shapes
             ELSE list_transform(shapes, lambda s, i: CASE WHEN list_contains(positions, i) THEN raw[i] ELSE s END)
        END AS shapes
    FROM split LEFT JOIN literal USING (folder)
),
cut AS (
    SELECT *,
        coalesce(nullif(list_position(list_transform(shapes, lambda s: s = '' OR contains(s, '{')), true), 0),
                 len(shapes) + 1) AS first_varying
    FROM settled
)
SELECT folder, hash(folder) AS key, objects, bytes,
    CASE WHEN len(shapes) = 0 THEN '' ELSE array_to_string(shapes, '/') || '/' END AS template,
    CASE WHEN first_varying = 1 AND NOT starts_with(shapes[1], '{') AND shapes[1] <> '' THEN split_part(shapes[1], '{', 1) || '*/'
         WHEN least(first_varying - 1, $depth) = 0 THEN ''
         ELSE array_to_string(raw[:least(first_varying - 1, $depth)], '/') || '/' END AS leaf
FROM cut;
