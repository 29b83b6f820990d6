-- Purpose: each leaf's subfolder: the longest boundary above it, or the root.
-- Parameters: boundaries (JSON array of prefixes with closing slash, without the root).
-- Columns of subfolder_leaf: leaf_id, prefix. Columns of subfolder_key: key (hash of a folder), prefix.
CREATE OR REPLACE TEMP TABLE boundary AS
SELECT unnest(from_json($boundaries, '["VARCHAR"]')) AS prefix;

CREATE OR REPLACE TEMP TABLE subfolder_leaf AS
SELECT leaf_id, coalesce(arg_max(boundary.prefix, leaf_ancestor.depth) FILTER (boundary.prefix IS NOT NULL), '') AS prefix
FROM leaf_ancestor LEFT JOIN boundary ON boundary.prefix = leaf_ancestor.path
GROUP BY leaf_id;

CREATE OR REPLACE TEMP TABLE subfolder_key AS
SELECT key, prefix
FROM folder_leaf JOIN subfolder_leaf USING (leaf_id);
