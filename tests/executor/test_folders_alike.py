"""Folders at the top whose names begin alike, from the listing to verified copies, by the public commands."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from executor_bench import Bench
from thermocline.cli.app import run

TODAY = datetime.now(UTC).date().isoformat()
SOURCE = "data-bucket-dev"
CONFIG = """
customers:
  pattern: single_folder
  source_bucket: data-bucket-{env}
  source_path: customer_*
  target_bucket: customers-bucket-{env}
  target_path: %s
  include_subfolders: true
"""


def thermocline(*arguments: str | Path) -> int:
    return run([str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("target_path", "below"), [('""', ""), ("clients/", "clients/"), ("clients/customer_*", "clients/")]
)
def test_folders_move_by_the_beginning_of_their_names(bench: Bench, target_path: str, below: str) -> None:
    customers = [f"customer_{number:03}/orders.json" for number in range(5)]
    bench.seed(*customers, "customers/other.json", "customer_list.csv", "warehouse/part.csv")
    catalogue, plan = bench.directory / "catalogue.duckdb", bench.directory / "plan.json"
    config = bench.directory / "configs.yaml"
    config.write_text(CONFIG % target_path, encoding="utf-8")
    assert thermocline("ingest", "listing", f"gs://{SOURCE}", "--catalogue", catalogue) == 0
    assert thermocline("analyze", "--bucket", SOURCE, "--catalogue", catalogue, "--as-of", TODAY) == 0
    wanted = ("--config", config, "--use-cases", "configured", "--env", "dev", "--bucket", SOURCE)
    assert thermocline("plan", "generate", *wanted, "--catalogue", catalogue, "--output", plan) == 0
    assert thermocline("plan", "approve", plan, "--phase", "5", "--by", "owner@example.com", "--yes") == 0

    assert thermocline("execute", plan, "--phase", "5") == 0

    assert set(bench.objects("customers-bucket-dev")) == {f"{below}{name}" for name in customers}
