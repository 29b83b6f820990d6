"""Both sides and the journal in name order, where one side holds many objects that the others do not know."""

import random
from collections.abc import AsyncGenerator

import pytest

from executor import join
from executor.journal import Journal
from executor.objects import StoredObject
from executor.rows import Item
from executor_bench import Bench
from hand_made_plan import HANDED_OVER, move, plan_of, write_approved

TARGET = "cold-archive-bucket-dev"


@pytest.mark.parametrize("seed", range(3))
def test_many_unknown_objects_on_either_side_are_handed_over_in_parts(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    names = [f"{number:05}" for number in range(2000)]
    known, foreign = chance.sample(names, 60), chance.sample(names, 700)
    moved = {"source_path": "archives/", "target_path": "old/", "target_bucket": TARGET}
    write_approved(plan_of([move("archives", **moved)]), bench.plan)
    bench.seed(*[f"archives/{name}" for name in known])
    bench.bucket(TARGET, **HANDED_OVER)
    bench.seed(*[f"old/{name}x" for name in foreign], bucket=TARGET)
    sizes = watch(monkeypatch)

    first = bench.execute()
    late = sorted(set(names) - set(known))[:900]
    bench.seed(*[f"archives/{name}" for name in late])
    second = bench.execute()

    assert (first.exit_code, first.moves[0].verified) == (0, 60)
    assert (second.exit_code, second.moves[0].verified) == (0, 960)
    for result in (first, second):
        assert "left alone at the target, as not ours: 700 objects" in result.moves[0].notes
    assert sorted(bench.objects(TARGET)) == sorted([f"old/{n}" for n in known + late] + [f"old/{n}x" for n in foreign])
    assert max(sizes) <= 2 * join.MOST


def watch(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Small pages and a small limit; how many objects of one side each visit got."""
    monkeypatch.setattr(join, "MOST", 40)
    monkeypatch.setattr(join, "PAGE", 25)
    whole = Journal.page_by_source
    monkeypatch.setattr(
        Journal, "page_by_source", lambda self, move_id, start, until: whole(self, move_id, start, until, 25)
    )
    sizes = [0]
    visit_all = join.BothSides.visit

    async def visit(self: join.BothSides, act: join.Visit) -> None:
        async def counted(rows: list[Item], sources: dict[str, StoredObject], targets: dict[str, StoredObject]) -> None:
            sizes.extend([len(rows), len(sources), len(targets)])
            await act(rows, sources, targets)

        await visit_all(self, counted)

    monkeypatch.setattr(join.BothSides, "visit", visit)
    more = join.Cursor._more

    async def small(self: join.Cursor) -> bool:
        # The server's pages are of 1,000 names: hand them out in twenties.
        if not await more(self):
            return False
        page, names = self._page, self._names
        pages = self._pages

        async def parts() -> AsyncGenerator[list[StoredObject], None]:
            for start in range(20, len(page), 20):
                yield page[start : start + 20]
            async for rest in pages:
                yield rest

        self._page, self._names = page[:20], names[:20]
        if len(page) > 20:
            self._pages = parts()
        return True

    monkeypatch.setattr(join.Cursor, "_more", small)
    return sizes
