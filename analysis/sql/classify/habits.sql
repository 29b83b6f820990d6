-- Purpose: what tells scanners from users. A scanner works through a bucket without regard to age: of the stock, which was there
--   before the window began, it has read the same share everywhere; users read what is new, or all of a few folders.
-- Needs: known_folder, leaf, use_leaf.
-- Columns: consumer_id, reads, objects, writes, due (top-level folders whose stock is so large that a scanner with this reader's share of all stock must have met some of it),
--   met (those of them where it has read at least half of what that share makes).
WITH held AS (
    SELECT split_part(folder, '/', 1) AS top, sum(objects) AS held FROM known_folder WHERE folder <> '' GROUP BY ALL
),
calls AS (
    SELECT consumer_id, split_part(leaf, '/', 1) AS top,
        coalesce(sum(use_leaf.events) FILTER (role IN ('read', 'poll')), 0) AS reads,
        coalesce(sum(use_leaf.objects) FILTER (role IN ('read', 'poll')), 0) AS objects,
        coalesce(sum(use_leaf.objects) FILTER (role = 'write'), 0) AS written,
        coalesce(sum(use_leaf.events) FILTER (role IN ('write', 'delete')), 0) AS writes
    FROM use_leaf JOIN leaf USING (leaf_id)
    GROUP BY ALL
),
stock AS (
    SELECT held.top, greatest(held - coalesce(sum(written), 0), 0) AS old, coalesce(sum(written), 0) AS fresh
    FROM held LEFT JOIN calls USING (top)
    GROUP BY held.top, held.held
),
reader AS (
    -- What is read beyond all that is new must be old.
    SELECT calls.*, old, least(greatest(objects - fresh, 0), old) AS old_read
    FROM calls LEFT JOIN stock USING (top)
),
share AS (
    SELECT consumer_id, sum(old_read) / (SELECT nullif(sum(old), 0) FROM stock) AS share FROM reader GROUP BY consumer_id
),
-- Also the folders that the reader has left out.
expected AS (
    SELECT consumer_id, count(*) AS due, count(*) FILTER (2 * objects >= share * old) AS met
    FROM share CROSS JOIN stock LEFT JOIN (SELECT consumer_id, top, objects FROM reader) AS reader USING (consumer_id, top)
    WHERE share * old >= $expected
    GROUP BY consumer_id
)
SELECT consumer_id, sum(reader.reads)::BIGINT AS reads, sum(reader.objects)::BIGINT AS objects, sum(reader.writes)::BIGINT AS writes,
    coalesce(any_value(expected.due), 0) AS due, coalesce(any_value(expected.met), 0) AS met
FROM reader LEFT JOIN expected USING (consumer_id)
GROUP BY consumer_id;
