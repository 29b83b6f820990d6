"""Least privilege on a target bucket, from what its consumers were seen doing."""

from collections.abc import Iterable

from analysis.model import ConsumerUse, Subfolder
from planner.plan import IamBinding

READ = "roles/storage.objectViewer"
WRITE = "roles/storage.objectCreator"
READ_WRITE = "roles/storage.objectUser"
NOT_GRANTED = {"maintenance", "ourselves"}


def grants(subfolder: Subfolder) -> tuple[IamBinding, ...]:
    """One role for each principal: view, create, or both; those that also deleted or replaced objects get both."""
    seen: dict[str, list[str]] = {}
    names: dict[str, set[str]] = {}
    for verb, uses in _by_verb(subfolder):
        for use in uses:
            member = member_of(use.principal)
            if member is None:
                continue
            names.setdefault(member, set()).add(use.workload or use.name)
            if use.kind not in NOT_GRANTED and use.events > 0 and verb not in seen.setdefault(member, []):
                seen[member].append(verb)
    return tuple(
        IamBinding(
            role=_role(verbs), member=member, reason=f"{', '.join(sorted(names[member]))} {' and '.join(verbs)} it"
        )
        for member, verbs in sorted(seen.items())
        if verbs
    )


def _by_verb(subfolder: Subfolder) -> tuple[tuple[str, Iterable[ConsumerUse]], ...]:
    deleters = [use for use in subfolder.others if use.role == "deleter"]
    listers = [use for use in subfolder.others if use.role == "lister"]
    return ("read", subfolder.readers), ("wrote", subfolder.writers), ("deleted", deleters), ("listed", listers)


def _role(verbs: list[str]) -> str:
    if "deleted" in verbs or ("wrote" in verbs and len(verbs) > 1):
        return READ_WRITE
    return WRITE if "wrote" in verbs else READ


def together(bindings: Iterable[IamBinding]) -> tuple[IamBinding, ...]:
    """The grants of several moves into one bucket: the widest role of each member."""
    widest: dict[str, IamBinding] = {}
    for binding in bindings:
        other = widest.get(binding.member)
        if other is None:
            widest[binding.member] = binding
        elif other.role != binding.role:
            widest[binding.member] = IamBinding(role=READ_WRITE, member=binding.member, reason=other.reason)
    return tuple(widest[member] for member in sorted(widest))


def member_of(principal: str) -> str | None:
    """A principal of the logs as IAM names it; None for what cannot be granted anything."""
    if not principal or "@" not in principal:
        return principal if principal.startswith(("principal://", "principalSet://")) else None
    if ":" in principal:
        return principal
    kind = "serviceAccount" if principal.endswith("gserviceaccount.com") else "user"
    return f"{kind}:{principal}"
