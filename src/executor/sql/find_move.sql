-- Purpose: one move.
-- Parameters: use_case.
-- Columns: the columns of Move, in its order.
SELECT move_id, use_case, phase, digest, source_bucket, target_bucket, state, pass, listed, listed_to, verified_at, quiet_since,
       cleaned_at, note
FROM move WHERE use_case = :use_case;
