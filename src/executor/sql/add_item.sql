-- Purpose: records one object of a listing; seen before means nothing to do.
-- Parameters: move_id, item_id, segment, source, generation, metageneration, target, size, crc32c, md5, state, reason, expect, wanted, source_class.
-- Columns: none.
INSERT INTO item (item_id, move_id, segment, source, generation, metageneration, target, size, crc32c, md5, state, reason, expect, wanted, source_class)
VALUES (:item_id, :move_id, :segment, :source, :generation, :metageneration, :target, :size, :crc32c, :md5, :state, :reason, :expect, :wanted, :source_class)
ON CONFLICT (move_id, source, generation) DO NOTHING;
