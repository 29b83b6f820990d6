-- Purpose: one page of the items in given states, in the order they were found.
-- Parameters: move_id, states (JSON array), item_id (exclusive start), size.
-- Columns: the columns of Item, in its order.
SELECT item_id, segment, source, generation, metageneration, target, size, crc32c, md5, state, reason, attempts, expect,
       target_generation, token, token_at, after, restored_generation, wanted, source_class
FROM item
WHERE move_id = :move_id AND item_id > :item_id AND state IN (SELECT value FROM json_each(:states))
ORDER BY item_id
LIMIT :size;
