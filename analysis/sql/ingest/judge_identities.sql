-- Purpose: how each identity of the batch is shown in the catalogue.
-- Parameters: key (NULL: as it is). Columns: identity, shown.
CREATE OR REPLACE TEMP TABLE identity_shown AS
SELECT
    identity,
    array_to_string(list_transform(string_split(identity, ','), lambda d: shown_identity(d, $key)), ',') AS shown
FROM (SELECT DISTINCT principal AS identity FROM line_sum WHERE problem = '' UNION SELECT DISTINCT delegation FROM line_sum WHERE problem = '');
