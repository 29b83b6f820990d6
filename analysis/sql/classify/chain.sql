-- Purpose: folders that hold nothing but one other folder, which itself holds folders: the boundary belongs further down.
-- Columns: path, child.
SELECT node.path, child.path AS child
FROM node JOIN node AS child ON child.parent = node.path AND child.depth = node.depth + 1
WHERE node.depth > 0 AND node.children = 1 AND node.own_bytes = 0 AND child.folders > 0;
