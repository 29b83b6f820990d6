"""What is to be planned: discovered subfolders, configured use cases, or both; configuration wins."""

from dataclasses import dataclass, replace

import msgspec

from analysis.errors import nearest
from analysis.model import Analysis, Isolation, Subfolder, Temperature, name_of, path_of, prefix_of
from planner.config_file import MigrationConfigs, UseCase
from planner.errors import InvalidPlanInput
from planner.naming import render, spoken_alike, use_case_name
from planner.settings import PlannerSettings

# From the easiest to the hardest to move: several subfolders under one use case are as hard as the hardest.
HEATS: tuple[Temperature, ...] = ("cold", "warm", "hot", "unknown")
ISOLATIONS: tuple[Isolation, ...] = ("perfect", "excellent", "good", "shared", "unknown")


@dataclass(frozen=True)
class Candidate:
    """One row of the plan: the evidence, and the configuration where there is one."""

    use_case: str
    subfolder: Subfolder
    config: UseCase | None = None
    where: str = ""  # file:line of the configuration
    differences: tuple[str, ...] = ()


def candidates(
    analysis: Analysis, settings: PlannerSettings, configs: MigrationConfigs | None, env: str
) -> list[Candidate]:
    """All rows, configured ones first. Raises InvalidPlanInput for names and paths that nothing is known about."""
    if not analysis.subfolders:
        raise InvalidPlanInput(
            f"there is nothing to plan: the analysis of {analysis.bucket} holds no subfolders",
            "ingest an inventory or logs of this bucket, then run `thermocline analyze`",
        )
    configured = _configured(analysis, configs, env) if configs and settings.use_cases != "discovered" else []
    rows = [*configured]
    if settings.use_cases != "configured":
        # A subfolder called like the bucket itself must not be given the bucket's own name as its target.
        taken = {spoken_alike(row.use_case) for row in rows} | {analysis.bucket.removesuffix(f"-bucket-{env}")}
        rows += _discovered(analysis, configured, taken)
    _check_names(rows, settings)
    return [row for row in rows if row.use_case not in settings.exclude and row.subfolder.name not in settings.exclude]


def _check_names(rows: list[Candidate], settings: PlannerSettings) -> None:
    known = tuple(sorted({row.use_case for row in rows} | {row.subfolder.name for row in rows if row.subfolder.name}))
    wanted = [("--exclude", name) for name in settings.exclude] + [("--pin", name) for name in settings.pin]
    wanted += [("--target-class", name) for name in settings.target_class if name != "*"]
    for option, name in wanted:
        if name not in known:
            raise InvalidPlanInput(f"{option}: no use case is called {name!r}", nearest(name, known))


def _discovered(analysis: Analysis, configured: list[Candidate], taken: set[str]) -> list[Candidate]:
    sources = [(row, prefix_of(row.config.source_path)) for row in configured if row.config]
    rows = []
    for subfolder in analysis.subfolders:
        covering = next((row for row, path in sources if subfolder.prefix.startswith(path)), None)
        if covering is not None:
            continue
        # A configured use case below this subfolder takes its part out of it.
        inside = tuple(path for _, path in sources if path.startswith(subfolder.prefix))
        rest = replace(subfolder, excludes=tuple(sorted({*subfolder.excludes, *inside}))) if inside else subfolder
        rows.append(Candidate(_unique(use_case_name(subfolder.name), taken), rest))
    return rows


def _unique(name: str, taken: set[str]) -> str:
    found, number = name, 2
    while spoken_alike(found) in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(spoken_alike(found))
    return found


def _configured(analysis: Analysis, configs: MigrationConfigs, env: str) -> list[Candidate]:
    rows = []
    for name, use_case in configs.use_cases.items():
        bucket = render(use_case.source_bucket, env, configs.at(name, "source_bucket"))
        if bucket != analysis.bucket:
            raise InvalidPlanInput(
                f"{configs.at(name, 'source_bucket')}: `{name}` reads {bucket}, not {analysis.bucket}",
                "check --env and --bucket, or analyse that bucket too",
            )
        path = prefix_of(render(use_case.source_path, env, configs.at(name, "source_path")))
        rendered = msgspec.structs.replace(use_case, source_path=path_of(path))
        subfolder, differences = _evidence(analysis, path, f"{configs.at(name, 'source_path')}: `{name}`")
        rows.append(Candidate(name, subfolder, rendered, configs.at(name), differences))
    return rows


def _evidence(analysis: Analysis, path: str, where: str) -> tuple[Subfolder, tuple[str, ...]]:
    """The evidence about a configured source prefix: that subfolder, those below it, or the one it lies in."""
    below = [one for one in analysis.subfolders if one.prefix.startswith(path) and (one.name or not path)]
    if len(below) == 1 and below[0].prefix == path:
        return below[0], ()
    if below:
        names = ", ".join(subfolder.name for subfolder in below)
        return merged(below, path), (f"the evidence tells {len(below)} subfolders apart here: {names}",)
    around = [subfolder for subfolder in analysis.subfolders if subfolder.name and path.startswith(subfolder.prefix)]
    if around:
        whole = max(around, key=lambda subfolder: len(subfolder.prefix))
        note = f"the evidence does not tell {path} apart from {whole.prefix}: numbers are those of the whole"
        inside = tuple(prefix for prefix in whole.excludes if prefix.startswith(path))
        return replace(whole, name=name_of(path), prefix=path, excludes=inside), (note,)
    known = tuple(path_of(subfolder.prefix) for subfolder in analysis.subfolders if subfolder.name)
    raise InvalidPlanInput(
        f"{where}: nothing is known about {analysis.bucket}/{path_of(path)}", nearest(path_of(path), known)
    )


def merged(parts: list[Subfolder], path: str) -> Subfolder:
    """Several subfolders as one: sums of what they hold, and the most demanding of their verdicts."""
    hardest = max(parts, key=lambda part: (HEATS.index(part.temperature), ISOLATIONS.index(part.isolation), part.bytes))
    reads = [part.read_bytes for part in parts]
    return replace(
        hardest,
        name=name_of(path),
        prefix=path,
        template=path,
        objects=sum(part.objects for part in parts),
        bytes=sum(part.bytes for part in parts),
        small_objects=sum(part.small_objects for part in parts),
        class_ages=tuple(age for part in parts for age in part.class_ages),
        isolation=max((part.isolation for part in parts), key=ISOLATIONS.index),
        pattern=hardest.pattern if len({part.pattern for part in parts}) == 1 else "mixed",
        flags=frozenset().union(*(part.flags for part in parts)),
        readers=tuple({use.name: use for part in parts for use in part.readers}.values()),
        writers=tuple({use.name: use for part in parts for use in part.writers}.values()),
        others=tuple({use.name: use for part in parts for use in part.others}.values()),
        read_events=sum(part.read_events for part in parts),
        write_events=sum(part.write_events for part in parts),
        read_bytes=None if None in reads else sum(count or 0 for count in reads),
        code=tuple(site for part in parts for site in part.code),
        excludes=(),
    )
