-- Purpose: replace people in rows that were stored before pseudonyms were asked for.
-- Parameters: key. Columns: none.
UPDATE access SET
    principal = shown_identity(principal, $key),
    delegation = array_to_string(list_transform(string_split(delegation, ','), lambda d: shown_identity(d, $key)), ',');
