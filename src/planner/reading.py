"""Reads what planning needs from a catalogue; the only I/O besides the plan file."""

from collections import Counter, defaultdict
from datetime import date
from importlib.resources import files

from analysis.catalogue import Catalogue
from analysis.classify.store import read_analysis
from analysis.errors import nearest
from analysis.model import Analysis
from planner.errors import InvalidPlanInput


def _query(name: str) -> str:
    return files("planner").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def read_for_plan(catalogue: Catalogue, bucket: str | None, as_of: date | None = None) -> Analysis:
    """The newest analysis of a bucket, up to `as_of`; the bucket may be left out where only one was analysed.

    Raises InvalidPlanInput where there is none, or no telling which.
    """
    rows = catalogue.connection.execute(_query("snapshots")).fetchall()
    known = tuple(dict.fromkeys(str(row[0]) for row in rows))
    if not known:
        raise InvalidPlanInput("the catalogue holds no analysis", "run `thermocline analyze --bucket NAME` first")
    if bucket is None and len(known) > 1:
        raise InvalidPlanInput("several buckets were analysed", f"name one with --bucket: {', '.join(known)}")
    wanted = bucket or known[0]
    if wanted not in known:
        raise InvalidPlanInput(f"bucket {wanted} was never analysed", nearest(wanted, known))
    for name, snapshot_id, day in rows:
        if name == wanted and (as_of is None or day <= as_of):
            return read_analysis(catalogue, wanted, snapshot_id)
    raise InvalidPlanInput(
        f"no analysis of {wanted} is as old as {as_of}", "leave --as-of out, or analyse as of that day"
    )


def known_projects(catalogue: Catalogue) -> dict[str, str]:
    """The project of each bucket that the evidence names one for."""
    rows = catalogue.connection.execute(_query("known_buckets")).fetchall()
    return {str(bucket): str(project) for bucket, project in rows if project is not None}


def formats_of(catalogue: Catalogue, analysis: Analysis) -> dict[str, dict[str, int]]:
    """Objects by file extension (`other` where there is none), for each subfolder by its name; the most frequent first.

    They are those of the latest inventory; empty where there is none.
    """
    names = {subfolder.prefix: subfolder.name for subfolder in analysis.subfolders}
    depth = max((prefix.count("/") for prefix in names), default=0)
    rows = catalogue.connection.execute(_query("formats"), {"bucket": analysis.bucket, "depth": str(depth)}).fetchall()
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for folder, extension, objects in rows:
        place = folder
        while place and place not in names:
            place = place[: place.rfind("/", 0, -1) + 1]
        if place in names:
            found[names[place]][extension or "other"] += objects
    return {name: dict(sorted(counts.items(), key=lambda each: (-each[1], each[0]))) for name, counts in found.items()}
