"""Where each move goes: bucket, path, location, class, from configuration, mappings or the naming convention."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from analysis.errors import nearest
from analysis.model import path_of, prefix_of
from planner.candidates import Candidate
from planner.config_file import BucketMappings, MappedTarget
from planner.errors import InvalidPlanInput
from planner.naming import bucket_name, check_bucket_name, render, written


@dataclass(frozen=True)
class Target:
    """A rendered target; `storage_class` and `location` only where somebody asked for them."""

    bucket: str
    path: str
    location: str | None = None
    storage_class: str | None = None
    mapped: bool = False


def check_mappings(mappings: BucketMappings | None, bucket: str, env: str, known: Collection[str]) -> None:
    """Refuse mappings of another bucket, and of subfolders that nothing is known about."""
    if mappings is None:
        return
    if mappings.source_bucket is not None:
        where = mappings.at("source_bucket")
        named = render(mappings.source_bucket, env, where)
        if named != bucket:
            raise InvalidPlanInput(
                f"{where}: the mappings are for {named}, not for {bucket}", "check --env and --bucket"
            )
    for name in mappings.targets:
        if name not in known:
            where = mappings.at("mappings", name)
            raise InvalidPlanInput(f"{where}: no subfolder is called {name!r}", nearest(name, tuple(sorted(known))))


def target_of(candidate: Candidate, mappings: BucketMappings | None, env: str) -> Target:
    """The target of one candidate. A discovered subfolder keeps its path, so that only the bucket's name changes."""
    config, name, own = candidate.config, candidate.subfolder.name, path_of(candidate.subfolder.prefix)
    if config is not None:
        where = candidate.where
        return Target(
            bucket=check_bucket_name(render(config.target_bucket, env, where), where),
            path=_placed(render(config.target_path, env, where), own, where),
            location=config.location,
            storage_class=config.storage_class,
            mapped=True,
        )
    mapping = mappings.targets.get(name) if mappings else None
    if mappings is None or mapping is None:
        bucket = bucket_name(candidate.use_case, env)
        return Target(check_bucket_name(bucket, f"subfolder {name or 'at the root'}"), own)
    return _mapped(mapping, mappings.at("mappings", name), env, own)


def _placed(path: str, own: str, where: str) -> str:
    """A target path as the plan writes it; folders alike keep the beginning of their names, also in a folder."""
    if {".", ".."} & set(path.split("/")):
        raise InvalidPlanInput(
            f"{where}: {path!r} has a segment '.' or '..'", "name the folder itself: nothing is above it"
        )
    if own.endswith("*") and not path.endswith("*"):
        path = prefix_of(path) + own.rpartition("/")[2]
    if path.endswith("*") != own.endswith("*"):
        raise InvalidPlanInput(f"{where}: {own or 'the whole bucket'} cannot become {path}", "leave the '*' out")
    return written(path)


def _mapped(mapping: MappedTarget, where: str, env: str, own: str) -> Target:
    return Target(
        bucket=check_bucket_name(render(mapping.bucket, env, where), where),
        path=own if mapping.path is None else _placed(render(mapping.path, env, where), own, where),
        location=mapping.location,
        storage_class=mapping.storage_class,
        mapped=True,
    )


@dataclass(frozen=True)
class Claim:
    """What one move takes and where it puts it; `children` are the folder names directly below its source."""

    use_case: str
    source_prefix: str
    bucket: str
    target_prefix: str
    mapping: Mapping[str, str]
    children: frozenset[str] = frozenset()

    def targets(self) -> list[tuple[str, str]]:
        """Each source prefix with the target prefix that replaces it."""
        if not self.mapping:
            return [(self.source_prefix, self.target_prefix)]
        return [
            (self.source_prefix + prefix_of(source), self.target_prefix + prefix_of(target))
            for source, target in self.mapping.items()
        ]


def refuse_collisions(claims: Sequence[Claim], source_bucket: str) -> None:
    """Refuse a target inside the source, and two moves that would land on one path."""
    seen: dict[tuple[str, str], tuple[str, str]] = {}
    for claim in claims:
        if claim.bucket == source_bucket:
            raise InvalidPlanInput(
                f"`{claim.use_case}` would move into {source_bucket}, the bucket that it comes from",
                "give it a target bucket of its own",
            )
        _refuse_inside(claim)
        for source, target in claim.targets():
            key = (claim.bucket, target)
            other, other_source = seen.get(key, ("", ""))
            if other and other_source != source:
                who = f"`{claim.use_case}` puts two of its subfolders" if other == claim.use_case else (
                    f"`{other}` and `{claim.use_case}` both move"
                )  # fmt: skip
                raise InvalidPlanInput(f"{who} to {claim.bucket}/{target}", "give one of them another target path")
            seen[key] = (claim.use_case, source)
    _refuse_nested(claims)


def _refuse_inside(claim: Claim) -> None:
    """Refuse a mapping that names a folder and one inside it: which of both would take the objects of the inner one?"""
    sources = sorted(source for source, _ in claim.targets())
    for outer, inner in pairwise(sources):
        if inner.startswith(outer):
            raise InvalidPlanInput(
                f"`{claim.use_case}` maps {outer} and {inner} inside it", "map each folder once, or make two use cases"
            )


def _refuse_nested(claims: Sequence[Claim]) -> None:
    """A target path inside another's is refused where that other one has a folder of the same name."""
    places = sorted(
        ((claim.bucket, path, claim) for claim in claims for _, path in claim.targets()), key=lambda place: place[:2]
    )
    outer: list[tuple[str, str, Claim]] = []
    for bucket, path, claim in places:
        while outer and not (outer[-1][0] == bucket and path.startswith(outer[-1][1])):
            outer.pop()
        for _, outer_path, other in outer:
            name = path[len(outer_path) :].partition("/")[0]
            if (
                other.use_case != claim.use_case
                and name in other.children
                and not _same_place(other, claim, outer_path)
            ):
                raise InvalidPlanInput(
                    f"`{claim.use_case}` lands on {bucket}/{path}, where `{other.use_case}` puts its own {name}/",
                    "give one of them another target path",
                )
        outer.append((bucket, path, claim))


def _same_place(outer: Claim, inner: Claim, outer_path: str) -> bool:
    """Whether the inner source lies in the outer one just as its target lies in the outer target."""
    return inner.source_prefix == outer.source_prefix + inner.target_prefix[len(outer_path) :]
