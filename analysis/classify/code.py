"""Joins what the code names with the subfolders: which lines belong where, for which jobs, and what spans too wide."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from analysis.classify.facts import Consumer, Span
from analysis.model import CodeSite, name_of

CODE_ROLE = {"read": "read", "write": "write", "delete": "delete", "list": "list"}


@dataclass
class CodeMap:
    """Code sites by subfolder prefix, spanning ones by prefix, those of unknown folders, those of none."""

    sites: dict[str, list[CodeSite]] = field(default_factory=lambda: defaultdict(list))
    spans: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    nowhere: list[CodeSite] = field(default_factory=list)
    unresolved: list[CodeSite] = field(default_factory=list)
    scanned: bool = False  # whether there is any code to compare with

    def elsewhere(self, prefix: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Jobs that read or write this subfolder and others as well: (job, other subfolders)."""
        here = {site.workload for site in self.sites[prefix] if _works(site)}
        found = []
        for workload in sorted(here):
            others = sorted(
                name_of(other)
                for other, sites in self.sites.items()
                if other != prefix and any(_works(site) and site.workload == workload for site in sites)
            )
            if others:
                found.append((workload, tuple(others)))
        return tuple(found)


def _works(site: CodeSite) -> bool:
    return bool(site.workload) and site.kind == "code" and site.role in {"read", "write", "delete"}


def map_code(sites: Iterable[CodeSite], prefixes: Sequence[str]) -> CodeMap:
    """Assign every site to the subfolders (their prefixes, '' for the root) that it can mean."""
    mapped = CodeMap()
    named = [prefix for prefix in prefixes if prefix]
    for site in sites:
        mapped.scanned |= site.kind == "code"
        stem = site.prefix.split("*", 1)[0]
        if not stem:
            mapped.unresolved.append(site)
            continue
        inside = [prefix for prefix in named if stem.startswith(prefix) or f"{stem}/" == prefix]
        if inside and not (site.role == "delete" and not stem.endswith("/")):
            mapped.sites[max(inside, key=len)].append(site)
            continue
        covered = [prefix for prefix in named if prefix.startswith(stem)]
        if len(covered) == 1:
            mapped.sites[covered[0]].append(site)
        elif covered:
            span = Span(site, tuple(name_of(prefix) for prefix in covered))
            for prefix in covered:
                mapped.spans[prefix].append(span)
        elif inside:
            mapped.sites[max(inside, key=len)].append(site)
        elif "/" not in stem.rstrip("/") and not stem.endswith("/") and "" in prefixes:
            mapped.sites[""].append(site)
        else:
            mapped.nowhere.append(site)
    return mapped


@dataclass(frozen=True)
class Workload:
    """The job that the code knows a consumer by; empty when it names none."""

    name: str
    confidence: float
    files: tuple[str, ...]


def find_workload(consumer: Consumer, role: str, sites: Sequence[CodeSite]) -> Workload:
    """Job behind a consumer's reads or writes: by its audit header, else by being the only one that the code names."""
    if consumer.kind == "human":
        return Workload("", 0.9, ())
    by_name: Mapping[str, list[CodeSite]] = _group(sites, role)
    plain_job = _letters(consumer.job)
    for name, members in by_name.items():
        if plain_job and (_letters(name) in plain_job or plain_job in _letters(name)):
            return Workload(name, 0.95, _files(members))
    candidates = _fitting(by_name, consumer.agent)
    if not candidates:
        return Workload("", 0.6 if consumer.job else 0.4, ())
    files = _files([site for members in candidates.values() for site in members])
    return Workload(", ".join(sorted(candidates)), 0.85 if len(candidates) == 1 else 0.5, files)


def _group(sites: Sequence[CodeSite], role: str) -> dict[str, list[CodeSite]]:
    grouped: dict[str, list[CodeSite]] = defaultdict(list)
    for site in sites:
        if site.kind == "code" and site.workload and CODE_ROLE.get(site.role) == role:
            grouped[site.workload].append(site)
    return dict(grouped)


def _fitting(by_name: Mapping[str, list[CodeSite]], agent: str) -> Mapping[str, list[CodeSite]]:
    """Where several jobs are named, those whose code would call with this client; all of them if none stands out."""
    if len(by_name) < 2:
        return by_name
    fitting = {name: sites for name, sites in by_name.items() if any(_calls_like(site, agent) for site in sites)}
    return fitting or by_name


def _calls_like(site: CodeSite, agent: str) -> bool:
    via = site.via.lower()
    orchestrated = any(word in via for word in ("operator", "sensor", "hook"))
    if agent == "airflow":
        return orchestrated
    if agent == "bigquery":
        return any(word in via for word in ("bigquery", "bq", "export data", "load data", "load_table"))
    if agent == "gcsfs":
        return any(word in via for word in ("pandas", "pd.", "gcsfs", "parquet", "fsspec"))
    if agent == "python":
        return not orchestrated and any(word in via for word in ("storage", "blob", "upload", "download", "client"))
    return False


def _files(sites: Sequence[CodeSite]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{site.file}:{site.line}" for site in sites))


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalpha())
