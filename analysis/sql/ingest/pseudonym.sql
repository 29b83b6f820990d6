-- Purpose: how an identity is shown: services as they are, people as a keyed hash if there is a key.
-- Parameters: none. Columns: none.
CREATE OR REPLACE TEMP MACRO shown_identity(identity, key) AS CASE
    WHEN key IS NULL OR identity = '' OR suffix(identity, 'gserviceaccount.com') THEN identity
    -- A pseudonym already; an address that merely begins like one is a person's.
    WHEN regexp_full_match(identity, 'person-[0-9a-f]{12}@.*') THEN identity
    ELSE concat(
        -- A subject names the same person as an address does.
        'person-', substr(sha256(concat(key, chr(10), regexp_replace(lower(identity), '^user:', ''), chr(10), key)), 1, 12),
        '@', coalesce(nullif(split_part(identity, '@', 2), ''), 'unknown')
    )
END;
