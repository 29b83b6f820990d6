"""A folder of reports made from a catalogue of given folders."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from analysis.catalogue import Catalogue
from analysis.classify.store import latest_analysis
from planner.generate import generate
from planner.planfile import approve, write
from planner.prices import load_prices
from planner.settings import PlannerSettings
from small_catalogue import BUCKET, Folder, write_catalogue
from thermocline.cli.app import run


@dataclass(frozen=True)
class Reports:
    """A folder of reports and what they were made from."""

    catalogue: Path
    plan: Path
    folder: Path

    def page(self, name: str) -> Path:
        return self.folder / f"{name}.html"


def make_reports(folder: Path, folders: list[Folder]) -> Reports:
    """A catalogue of these folders, a plan with phase 1 approved, and the reports of both."""
    catalogue = write_catalogue(folder / "c.duckdb", folders)
    with Catalogue.open(catalogue) as opened:
        analysis = latest_analysis(opened, BUCKET)
    plan = generate(analysis, PlannerSettings(), env="prod", prices=load_prices())
    if any(move.action == "move" for move in plan.phases[0].moves):
        plan = approve(plan, 1, "owner@example.com", "", datetime(2026, 11, 2, tzinfo=UTC))
    write(plan, folder / "plan.json")
    made = Reports(catalogue, folder / "plan.json", folder / "out")
    arguments = ["report", "--catalogue", catalogue, "--plan", made.plan, "--output", made.folder]
    assert run([str(argument) for argument in arguments]) == 0
    return made
