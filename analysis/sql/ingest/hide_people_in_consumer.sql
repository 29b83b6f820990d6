-- Purpose: replace people in analyses that were stored before pseudonyms were asked for.
-- Parameters: key. Columns: none.
UPDATE consumer SET
    consumer = replace(consumer, principal, shown_identity(principal, $key)),
    principal = shown_identity(principal, $key),
    delegation = array_to_string(list_transform(string_split(delegation, ','), lambda d: shown_identity(d, $key)), ',')
WHERE coalesce(principal, '') <> '';
