-- Purpose: copies that were found right on both sides.
-- Parameters: ids (JSON array of item_id).
-- Columns: none.
UPDATE item SET state = 'verified', reason = '' WHERE item_id IN (SELECT value FROM json_each(:ids));
