"""Reads what planning needs from a catalogue; the only I/O besides the plan file."""

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
