-- Purpose: how an identity is shown: services as they are, people as a keyed hash if there is a key.
-- Parameters: none. Columns: none.
CREATE OR REPLACE TEMP MACRO shown_identity(identity, key) AS CASE
    WHEN key IS NULL OR identity = '' OR suffix(identity, 'gserviceaccount.com') OR prefix(identity, 'person-') THEN identity
    ELSE concat(
        'person-', substr(sha256(concat(key, chr(10), lower(identity), chr(10), key)), 1, 12),
        '@', coalesce(nullif(split_part(identity, '@', 2), ''), 'unknown')
    )
END;
