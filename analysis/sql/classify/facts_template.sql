-- Purpose: the shape that most objects of a subfolder lie in, and how many folders it has.
-- Columns: prefix, template, folders.
SELECT prefix, arg_max(template, {'weight': weight, 'template': template}) AS template, sum(folders)::BIGINT AS folders
FROM (SELECT prefix, template, sum(objects) AS weight, count(*) AS folders FROM known_folder JOIN subfolder_key USING (key) GROUP BY ALL)
GROUP BY prefix;
