-- Purpose: marks a batch as started and returns it; what is in a terminal state stays.
-- Parameters: ids (JSON array of item_id).
-- Columns: the columns of Item, in its order.
UPDATE item SET state = 'started', attempts = attempts + 1
WHERE item_id IN (SELECT value FROM json_each(:ids)) AND state IN ('planned', 'started')
RETURNING item_id, segment, source, generation, metageneration, target, size, crc32c, md5, state, reason, attempts, expect,
          target_generation, token, token_at, after, restored_generation, wanted, source_class;
