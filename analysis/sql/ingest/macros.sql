-- Purpose: what an object's name tells; shared by the queries of `ingest`.
-- Parameters: none. Columns: none.

-- The directory with its closing slash, at most six levels; empty at the root.
CREATE OR REPLACE TEMP MACRO folder_of(name) AS regexp_extract(name, '^(?:[^/]*/){0,6}');

-- The first calendar date in a name, as it is written there: YYYYMMDD (also with a time behind it), YYYY-MM-DD, YYYY/MM/DD,
-- year=YYYY/month=MM/day=DD; empty if there is none. A longer number is no date.
CREATE OR REPLACE TEMP MACRO date_text_of(name) AS regexp_extract(
    name,
    -- One literal, so that it is compiled once and not per row.
    '(?:^|[^0-9])((?:19|20)[0-9][0-9](?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])|-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])|/(?:0[1-9]|1[0-2])/(?:0[1-9]|[12][0-9]|3[01])|/month=(?:0[1-9]|1[0-2])/day=(?:0[1-9]|[12][0-9]|3[01])))(?:[^0-9]|$|[0-2][0-9][0-5][0-9](?:[0-5][0-9])?(?:[^0-9]|$))',
    1
);

-- Whether what follows the folder in a name may hold a date, or the end of one. Where not, looking at the folder is enough,
-- which many events share.
CREATE OR REPLACE TEMP MACRO may_end_date(rest) AS
    contains(rest, '20') OR contains(rest, '19') OR rest < ':' OR prefix(rest, 'day=') OR prefix(rest, 'month=');

-- Where a rewrite or copy puts what it read: bucket and folder, out of a resource name or an address.
CREATE OR REPLACE TEMP MACRO place_of_copy(destination) AS CASE
    WHEN destination = '' THEN ''
    WHEN contains(destination, '/buckets/') THEN concat(
        split_part(substr(destination, instr(destination, '/buckets/') + 9), '/', 1), '/',
        CASE WHEN contains(destination, '/objects/')
            THEN folder_of(substr(destination, instr(destination, '/objects/') + 9)) ELSE '' END
    )
    ELSE regexp_extract(replace(destination, 'gs://', ''), '^(?:[^/]*/){0,7}')
END;

-- The same in every version, unlike hash(); md5_number_upper would go through texts and take three times as long.
CREATE OR REPLACE TEMP MACRO stable_hash(words) AS (md5_number(words) >> 64)::UBIGINT;

-- Bounds of the hashes of names, equal exactly when one single object is concerned, also after rows are merged. Where there
-- are several, the widest bounds say as much. 24 bits tell two objects of one caller, folder and day apart in all but one of
-- 16 million cases, and take a third of the space of the whole hash.
CREATE OR REPLACE TEMP MACRO lower_bound_of(least_name, greatest_name) AS
    CASE WHEN least_name = greatest_name THEN stable_hash(least_name) >> 40 ELSE 0::UBIGINT END;

CREATE OR REPLACE TEMP MACRO upper_bound_of(least_name, greatest_name) AS
    CASE WHEN least_name = greatest_name THEN stable_hash(least_name) >> 40 ELSE 16777215::UBIGINT END;

-- Whatever stands between them, a date text begins with the year, ends with the day, and its length tells where the month is.
CREATE OR REPLACE TEMP MACRO text_as_date(date_text) AS CASE
    WHEN date_text = '' THEN NULL
    ELSE try_cast(
        concat(
            left(date_text, 4), '-',
            substr(date_text, CASE length(date_text) WHEN 8 THEN 5 WHEN 10 THEN 6 ELSE 12 END, 2), '-',
            right(date_text, 2)
        ) AS DATE
    )
END;
