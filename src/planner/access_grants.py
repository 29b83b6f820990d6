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
    reads = _principals(subfolder.readers)
    writes = _principals(subfolder.writers)
    deletes = _principals(use for use in subfolder.others if use.role == "deleter")
    lists = _principals(use for use in subfolder.others if use.role == "lister")
    found = []
    for member in sorted({*reads, *writes, *deletes, *lists}):
        seen = [
            verb
            for verb, who in (("read", reads), ("wrote", writes), ("deleted", deletes), ("listed", lists))
            if member in who
        ]
        role = READ
        if "deleted" in seen or ("wrote" in seen and len(seen) > 1):
            role = READ_WRITE
        elif "wrote" in seen:
            role = WRITE
        found.append(
            IamBinding(role=role, member=member, reason=f"{_names(subfolder, member)} {' and '.join(seen)} it")
        )
    return tuple(found)


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


def _principals(uses: Iterable[ConsumerUse]) -> set[str]:
    members = {member_of(use.principal) for use in uses if use.kind not in NOT_GRANTED and use.events > 0}
    return {member for member in members if member is not None}


def _names(subfolder: Subfolder, member: str) -> str:
    uses = (*subfolder.readers, *subfolder.writers, *subfolder.others)
    return ", ".join(sorted({use.workload or use.name for use in uses if member_of(use.principal) == member}))
