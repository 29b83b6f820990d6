-- Purpose: one page of the items in given states, in the order they were found.
-- Parameters: states (JSON array), item_id (exclusive start), last (item_id, the end of the move's range), size.
-- Columns: the columns of Item, in its order.
SELECT item_id, segment, source, generation, metageneration, target, size, crc32c, md5, state, reason, attempts, expect,
       target_generation, token, token_at, after, restored_generation, wanted, source_class
FROM item
WHERE item_id > :item_id AND item_id <= :last AND state IN (SELECT value FROM json_each(:states))
ORDER BY item_id
LIMIT :size;
