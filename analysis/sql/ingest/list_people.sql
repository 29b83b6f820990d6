-- Purpose: everybody in the catalogue who is to be shown by a pseudonym; the longest first, since one address may end another.
-- Parameters: key. Columns: identity, shown.
WITH named AS (
    SELECT principal AS identity FROM access
    UNION SELECT unnest(string_split(delegation, ',')) FROM access
    UNION SELECT principal FROM consumer
    UNION SELECT unnest(string_split(delegation, ',')) FROM consumer
)
SELECT identity, shown_identity(identity, $key) AS shown
FROM named
WHERE identity <> '' AND shown_identity(identity, $key) <> identity
ORDER BY length(identity) DESC, identity;
