-- Purpose: a move goes on; null keeps what is there.
-- Parameters: move_id, state, pass, listed, listed_to, verified_at, quiet_since, cleaned_at, note.
-- Columns: none.
UPDATE move SET state = coalesce(:state, state), pass = coalesce(:pass, pass), listed = coalesce(:listed, listed),
       listed_to = coalesce(:listed_to, listed_to), verified_at = coalesce(:verified_at, verified_at),
       quiet_since = coalesce(:quiet_since, quiet_since), cleaned_at = coalesce(:cleaned_at, cleaned_at),
       note = coalesce(:note, note)
WHERE move_id = :move_id;
