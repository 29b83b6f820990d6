"""Two moves of one journal must not write to one target name; found before the first copy."""

from executor.definition import Definition
from executor.errors import MoveRefused
from executor.journal import Journal
from executor.rows import Move


def refuse_collisions(journal: Journal, definition: Definition, move: Move) -> None:
    """Compare the planned target names of this move with those of every other move into the same bucket."""
    for other in journal.moves():
        if other.move_id == move.move_id or other.target_bucket != move.target_bucket or other.state == "rolled-back":
            continue
        found = journal.colliding(other.move_id, move.move_id)
        if found:
            raise MoveRefused(
                f"{definition.use_case} and {other.use_case} would both write gs://{move.target_bucket}/{found[0]}",
                "give one of them another target_path",
            )
