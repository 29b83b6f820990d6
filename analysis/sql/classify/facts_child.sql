-- Purpose: the folders directly below each subfolder, the heaviest first, at most 200 of them; of folders alike, these themselves.
-- Parameters: none. Columns: prefix, name, objects, bytes.
WITH named AS (
    SELECT prefix, split_part(substr(folder, length(regexp_replace(prefix, '[^/]*$', '')) + 1), '/', 1) AS name, objects, bytes
    FROM known_folder JOIN subfolder_key USING (key)
    WHERE length(folder) > length(prefix)
),
summed AS (
    SELECT prefix, name, sum(objects)::BIGINT AS objects, sum(bytes)::BIGINT AS bytes
    FROM named
    WHERE name <> ''
    GROUP BY ALL
)
SELECT prefix, name, objects, bytes
FROM summed
QUALIFY row_number() OVER (PARTITION BY prefix ORDER BY bytes DESC, name) <= 200
ORDER BY prefix, bytes DESC, name;
