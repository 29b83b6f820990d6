-- Purpose: the shape that most objects of a subfolder lie in, the plain prefix where no shape holds half of them, and how many folders it has.
-- Columns: prefix, template, folders.
SELECT prefix,
    CASE WHEN 2 * max(weight) >= sum(weight) THEN arg_max(template, {'weight': weight, 'template': template}) ELSE prefix END AS template,
    sum(folders)::BIGINT AS folders
FROM (SELECT prefix, template, sum(objects) AS weight, count(*) AS folders FROM known_folder JOIN subfolder_key USING (key) GROUP BY ALL)
GROUP BY prefix;
