-- Purpose: the literal parts themselves, numbered; the smallest pieces that a boundary can separate.
-- Columns: leaf_id, leaf, depth (segments), objects, bytes, direct_bytes (objects lying in the folder itself),
--   folders (folders below it).
CREATE OR REPLACE TEMP TABLE leaf AS
SELECT row_number() OVER (ORDER BY leaf)::INTEGER AS leaf_id, leaf,
    (len(string_split(leaf, '/')) - 1)::INTEGER AS depth,
    sum(objects)::BIGINT AS objects, sum(bytes)::BIGINT AS bytes,
    coalesce(sum(bytes) FILTER (folder = leaf), 0)::BIGINT AS direct_bytes,
    count(*) FILTER (folder <> leaf)::BIGINT AS folders
FROM known_folder
GROUP BY leaf;

CREATE OR REPLACE TEMP TABLE folder_leaf AS
SELECT key, leaf_id, known_folder.objects
FROM known_folder JOIN leaf USING (leaf);
