-- Purpose: one page of a move in the order of source names.
-- Parameters: move_id, source, generation (exclusive start), until (exclusive end or null), size.
-- Columns: the columns of Item, in its order.
SELECT item_id, segment, source, generation, metageneration, target, size, crc32c, md5, state, reason, attempts, expect,
       target_generation, token, token_at, after, restored_generation, wanted, source_class
FROM item
WHERE move_id = :move_id AND (source, generation) > (:source, :generation) AND (:until IS NULL OR source < :until)
ORDER BY source, generation
LIMIT :size;
