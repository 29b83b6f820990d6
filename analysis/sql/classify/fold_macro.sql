-- Purpose: the function that folds dates, times, ids and key=value segments of a folder into a template.
-- Parameters of the macro: path (a folder with its closing slash).
-- Result: the same path with {YYYYMMDD}, {YYYY-MM-DD}, {YYYY}/{MM}/{DD}, {HH}, {timestamp}, {uuid}, {id}, {epoch}, {n}
-- and key={value} in the place of what varies. The number of segments never changes.
-- Dates are replaced twice because a match consumes the character behind it, which the next match may need.
CREATE OR REPLACE TEMP MACRO fold_dates(path) AS
regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    path,
    '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}', '{uuid}', 'g'),
    '(^|[^0-9])(?:19|20)[0-9]{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12][0-9]|3[01])[T_ -]?[0-9]{2}[:_-]?[0-9]{2}(?:[:_-]?[0-9]{2}(?:[.,][0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?([^0-9]|$)', '\1{timestamp}\2', 'g'),
    '(^|[^0-9])(?:19|20)[0-9]{2}[-_.](?:0[1-9]|1[0-2])[-_.](?:0[1-9]|[12][0-9]|3[01])([^0-9]|$)', '\1{YYYY-MM-DD}\2', 'g'),
    '(^|[^0-9])(?:19|20)[0-9]{2}[-_.](?:0[1-9]|1[0-2])[-_.](?:0[1-9]|[12][0-9]|3[01])([^0-9]|$)', '\1{YYYY-MM-DD}\2', 'g'),
    '(^|[^0-9])(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])([^0-9]|$)', '\1{YYYYMMDD}\2', 'g'),
    '(^|[^0-9])(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])([^0-9]|$)', '\1{YYYYMMDD}\2', 'g');

CREATE OR REPLACE TEMP MACRO fold_date_paths(path) AS
regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    path,
    '(^|/)((?:[A-Za-z_]+=)?)(?:19|20)[0-9]{2}/((?:[A-Za-z_]+=)?)(?:0?[1-9]|1[0-2])/((?:[A-Za-z_]+=)?)(?:0?[1-9]|[12][0-9]|3[01])/', '\1\2{YYYY}/\3{MM}/\4{DD}/', 'g'),
    '(^|/)((?:[A-Za-z_]+=)?)(?:19|20)[0-9]{2}/((?:[A-Za-z_]+=)?)(?:0?[1-9]|1[0-2])/', '\1\2{YYYY}/\3{MM}/', 'g'),
    '(\{(?:DD|YYYYMMDD|YYYY-MM-DD)\})/((?:[A-Za-z_]+=)?)(?:[01]?[0-9]|2[0-3])/', '\1/\2{HH}/', 'g'),
    '(^|[^0-9])(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])([^0-9]|$)', '\1{YYYY-MM}\2', 'g'),
    '(^|[^0-9])(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])([^0-9]|$)', '\1{YYYYMM}\2', 'g'),
    '(^|/)((?:[A-Za-z_]+=)?)(?:19|20)[0-9]{2}/', '\1\2{YYYY}/', 'g');

CREATE OR REPLACE TEMP MACRO fold_ids(path) AS
regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    path,
    '(^|[^0-9])1[4-9][0-9]{8}(?:[0-9]{3}|[0-9]{6})?([^0-9]|$)', '\1{epoch}\2', 'g'),
    '(^|[^0-9a-zA-Z])(?:[0-9a-f]{16,}|[0-9A-HJKMNP-TV-Z]{26})([^0-9a-zA-Z]|$)', '\1{id}\2', 'g'),
    '(^|/)([A-Za-z_][A-Za-z0-9_.-]*)=[^/{]+/', '\1\2={value}/', 'g'),
    '(^|/)([A-Za-z_][A-Za-z0-9_.-]*)=[^/{]+/', '\1\2={value}/', 'g'),
    '(^|/|\}[_-])[0-9]+/', '\1{n}/', 'g'),
    '([A-Za-z_.-])[0-9]{3,}/', '\1{n}/', 'g');
