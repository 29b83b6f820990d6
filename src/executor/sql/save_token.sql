-- Purpose: keeps the token of a rewrite in several calls.
-- Parameters: item_id, token, token_at.
-- Columns: none.
UPDATE item SET token = :token, token_at = :token_at WHERE item_id = :item_id;
