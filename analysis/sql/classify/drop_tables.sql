-- Purpose: give back what the roll-up took.
-- Parameters: none.
DROP TABLE IF EXISTS temp.use_leaf;
DROP TABLE IF EXISTS temp.node_use;
DROP TABLE IF EXISTS temp.node;
DROP TABLE IF EXISTS temp.leaf_ancestor;
DROP TABLE IF EXISTS temp.subfolder_key;
DROP TABLE IF EXISTS temp.subfolder_leaf;
DROP TABLE IF EXISTS temp.folder_leaf;
DROP TABLE IF EXISTS temp.leaf;
DROP TABLE IF EXISTS temp.known_folder;
DROP TABLE IF EXISTS temp.place_leaf;
DROP TABLE IF EXISTS temp.old_place;
