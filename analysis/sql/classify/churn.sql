-- Purpose: what came, went and was rewritten in each subfolder of a snapshot, by the inventories between it and an earlier snapshot.
-- Parameters: before, after (snapshot ids).
-- Columns: subfolder, previous_date, snapshot_date, new_objects, gone_objects, rewritten_objects.
WITH span AS (
    SELECT earlier.inventory_date AS first, later.inventory_date AS last, snapshot.bucket
    FROM snapshot_detail AS later, snapshot_detail AS earlier, snapshot
    WHERE later.snapshot_id = $after AND earlier.snapshot_id = $before AND snapshot.snapshot_id = $after
),
moved AS (
    SELECT folder, previous_date, snapshot_date, new_objects, gone_objects, rewritten_objects
    FROM v_churn JOIN span USING (bucket)
    WHERE previous_date >= span.first AND snapshot_date <= span.last
),
home AS (
    -- The deepest subfolder that holds it. No folder sorts behind its prefix and this last character.
    SELECT folder, arg_max(subfolder, length(prefix)) AS subfolder
    FROM (SELECT DISTINCT folder FROM moved) AS found
    JOIN (SELECT subfolder, prefix FROM subfolder_detail WHERE snapshot_id = $after) AS place
        ON folder >= prefix AND folder <= prefix || chr(1114111)
    WHERE prefix <> '' OR folder = ''
    GROUP BY folder
)
SELECT subfolder, min(previous_date), max(snapshot_date), sum(new_objects)::BIGINT, sum(gone_objects)::BIGINT, sum(rewritten_objects)::BIGINT
FROM moved JOIN home USING (folder)
GROUP BY subfolder
ORDER BY subfolder;
