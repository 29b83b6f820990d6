-- Purpose: how many top-level folders and objects there are, for scanners to be measured against.
-- Columns: tops, objects.
SELECT count(DISTINCT split_part(folder, '/', 1)) FILTER (folder <> ''), coalesce(sum(objects), 0)::BIGINT
FROM known_folder;
