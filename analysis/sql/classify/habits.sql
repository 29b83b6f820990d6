-- Purpose: what tells scanners from users: what each consumer read and wrote, in the thousand places it used most.
-- Needs: place_leaf, use_leaf.
-- Columns: consumer_id, place, reads (objects, each once a day), old_reads (of the old data, see place.sql), writes.
WITH calls AS (
    SELECT consumer_id, place,
        coalesce(sum(objects) FILTER (role IN ('read', 'poll', 'copy')), 0)::BIGINT AS reads,
        coalesce(sum(old_objects) FILTER (role IN ('read', 'poll', 'copy')), 0)::BIGINT AS old_reads,
        coalesce(sum(events) FILTER (role IN ('write', 'delete')), 0)::BIGINT AS writes
    FROM use_leaf JOIN place_leaf USING (leaf_id)
    GROUP BY ALL
)
SELECT consumer_id, place, reads, old_reads, writes
FROM calls
WHERE reads + writes > 0
QUALIFY row_number() OVER (PARTITION BY consumer_id ORDER BY old_reads DESC, reads + writes DESC, place) <= 1000;
