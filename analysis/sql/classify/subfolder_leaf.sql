-- Purpose: each leaf's subfolder: the longest boundary above it, else the one whose beginning its name has, else the root.
-- Parameters: boundaries (JSON array of {path, prefix}, without the root; a prefix without closing slash is the beginning of a name).
-- Columns of subfolder_leaf: leaf_id, prefix. Columns of subfolder_key: key (hash of a folder), prefix.
CREATE OR REPLACE TEMP TABLE boundary AS
SELECT unnest(from_json($boundaries, '[{"path": "VARCHAR", "prefix": "VARCHAR"}]'), recursive := true);

CREATE OR REPLACE TEMP TABLE subfolder_leaf AS
SELECT leaf_id, coalesce(
    arg_max(boundary.prefix, leaf_ancestor.depth) FILTER (boundary.prefix IS NOT NULL),
    arg_max(beginning.prefix, length(beginning.prefix)) FILTER (beginning.prefix IS NOT NULL),
    '') AS prefix
FROM leaf_ancestor
LEFT JOIN boundary USING (path)
LEFT JOIN (FROM boundary WHERE NOT ends_with(prefix, '/')) AS beginning ON leaf_ancestor.depth = 1 AND starts_with(leaf_ancestor.path, beginning.prefix)
GROUP BY leaf_id;

CREATE OR REPLACE TEMP TABLE subfolder_key AS
SELECT key, prefix
FROM folder_leaf JOIN subfolder_leaf USING (leaf_id);
