"""Lists the source once and writes down what moves and what stays; resumes after the last name it has written."""

from typing import Any

from executor.definition import Definition
from executor.feeding import Stop
from executor.journal import Journal
from executor.objects import StoredObject
from executor.patterns import Selected
from executor.progress import MoveProgress
from executor.rows import Move
from executor.storage import Storage


def new_row(definition: Definition, stored: StoredObject, *, expect: int = 0) -> dict[str, Any]:
    """The journal row of an object that was just seen."""
    choice = definition.moving.choose(stored.name)
    row = {
        "source": stored.name,
        "generation": stored.generation,
        "metageneration": stored.metageneration,
        "size": stored.size,
        "crc32c": stored.crc32c,
        "md5": stored.md5_hash,
        "expect": expect,
        "reason": "",
        "source_class": stored.storage_class,
    }
    if not isinstance(choice, Selected):
        return row | {"segment": -1, "target": "", "state": "left", "reason": choice.reason, "wanted": b""}
    row |= {"segment": choice.segment, "target": choice.target, "state": "planned", "wanted": definition.wanted(stored)}
    if stored.customer_encryption is not None:
        row |= {
            "state": "failed",
            "reason": "encrypted with a customer-supplied key: rewrite it with a managed key first",
        }
    return row


async def survey(
    storage: Storage, journal: Journal, definition: Definition, move: Move, progress: MoveProgress, stop: Stop
) -> bool:
    """Bring the whole source listing into the journal; False when it was stopped before the end."""
    pattern = definition.moving
    pages = storage.list_objects(pattern.source_bucket, pattern.source_prefix, start=move.listed_to or "")
    async for page in pages:
        rows = [new_row(definition, stored) for stored in page]
        await journal.call(lambda rows=rows, last=page[-1].name: journal.add_items(move.move_id, rows, listed_to=last))
        for row in rows:
            progress.listed(row["state"], row["size"])
        if stop.requested:
            await pages.aclose()
            return False
    await journal.call(lambda: journal.update_move(move.move_id, listed=1))
    return True
