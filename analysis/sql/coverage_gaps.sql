-- Purpose: days without any event of a bucket and log type, between the first and the last day of all its evidence.
-- Parameters: bucket (NULL: all). Columns: bucket, log_type, first_day, last_day, days (with events), events, missing (days).
-- Quiet log types (admin, usage) are only reckoned between their own first and last day: silence there is normal.
WITH known AS (
    SELECT * FROM v_coverage WHERE bucket <> '' AND ($bucket IS NULL OR bucket = $bucket)
),
bounds AS (
    SELECT bucket, min(day) AS first_day, max(day) AS last_day FROM known WHERE log_type <> 'usage' GROUP BY bucket
),
spans AS (
    SELECT
        k.bucket,
        k.log_type,
        min(k.day) AS first_day,
        max(k.day) AS last_day,
        count(*) AS days,
        sum(k.events)::BIGINT AS events,
        list(k.day) AS present
    FROM known AS k
    GROUP BY k.bucket, k.log_type
)
SELECT
    s.bucket,
    s.log_type,
    s.first_day,
    s.last_day,
    s.days,
    s.events,
    CASE
        WHEN s.log_type = 'admin' THEN []
        ELSE list_sort(list_filter(
            list_transform(
                range(
                    CASE WHEN s.log_type = 'usage' THEN s.first_day ELSE b.first_day END,
                    CASE WHEN s.log_type = 'usage' THEN s.last_day ELSE b.last_day END + INTERVAL 1 DAY,
                    INTERVAL 1 DAY
                ),
                lambda d: d::DATE
            ),
            lambda d: NOT list_contains(s.present, d)
        ))
    END AS missing
FROM spans AS s LEFT JOIN bounds AS b USING (bucket)
ORDER BY s.bucket, s.log_type;
