"""The lake's own virus scanner over seeds, sizes and days: never a user for certain, and no user ever a scanner."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from analysis.catalogue import Catalogue
from analysis.classify.analyze import Gathered, gather
from analysis.classify.rollup import run
from analysis.classify.verdicts import judge
from analysis.model import confidence_word
from analysis.settings import Settings
from analysis.sources.inventory import ingest_inventory
from analysis.sources.log_files import ingest_logs
from thermocline.sandbox.lake import build_lake
from verdict_table import VERDICTS

END = date(2026, 10, 31)
SCANNER = "file-guard@"
LAKES = [
    pytest.param(2, 0.05, id="seed 2, little"),
    pytest.param(1, 0.02, id="seed 1, hardly anything", marks=pytest.mark.slow),
    pytest.param(3, 0.2, id="seed 3, some", marks=pytest.mark.slow),
    *(pytest.param(seed, 0.1, id=f"seed {seed}", marks=pytest.mark.slow) for seed in range(4, 12)),
    pytest.param(12, 1.0, id="seed 12, all of it", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("seed", "scale"), LAKES)
def test_on_no_day_is_the_scanner_certainly_a_user_or_a_user_a_scanner(seed: int, scale: float, tmp_path: Path) -> None:
    lake = build_lake(tmp_path / "lake", seed=seed, scale=scale, end=END)
    problems = []
    with Catalogue.create_or_migrate(tmp_path / "catalogue.duckdb") as catalogue:
        ingest_logs(catalogue, [str(lake.logs_dir)])
        ingest_inventory(catalogue, [str(lake.inventory_path)])
        for days_of_logs in (35, 50, 75, 100, 120):
            day = lake.window.first + timedelta(days=days_of_logs - 1)
            found = gather(catalogue.connection, lake.bucket, Settings(), day, lake.env)
            problems += [f"{day}: {problem}" for problem in mistakes(found)]
            run(catalogue.connection, "drop_tables")
    assert not problems, "\n".join(problems)


def mistakes(found: Gathered) -> list[str]:
    """Users taken for scanners, scanners for certain users, temperatures that are called certain and wrong."""
    consumers = found.consumers.values()
    problems = [f"{one.principal} is no scanner" for one in consumers if one.scanner and SCANNER not in one.principal]
    seen = [one for one in consumers if one.principal.startswith(SCANNER)]
    problems += [f"{one.principal} is a user" for one in seen if not (one.scanner or one.suspect)]
    if not seen:
        problems.append("the scanner was not even seen")
    for facts in found.facts:
        said = judge(facts, Settings())
        expected = VERDICTS[said.name].temperature if said.name in VERDICTS else None
        certain = confidence_word(said.temperature_confidence) == "high"
        if expected is not None and said.temperature not in {expected, "unknown"} and certain:
            problems.append(f"{said.name} is certainly {said.temperature}, should be {expected}")
    return problems
