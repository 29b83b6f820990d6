"""Who calls: what an identity's name and its behaviour say about it.

Names of Google's own service agents follow public conventions (`…@storage-transfer-service.iam.gserviceaccount.com`);
a team's own scanner has no such name and is found by what it does (`scanners`).
"""

import re
from fnmatch import fnmatchcase

from analysis.model import ConsumerKind
from analysis.settings import ConsumerSettings

# Service agents that look after data rather than use it: transfer, inventory, inspection, backup, usage-log writer.
_MAINTENANCE = re.compile(
    r"@storage-transfer-service\.iam\.gserviceaccount\.com$"
    r"|@(gcp-sa-storageinsights|gcp-sa-dlp|gcp-sa-backupdr|gcp-sa-storage-intelligence|dlp-api)[\w.-]*\.gserviceaccount\.com$"
    r"|^cloud-storage-millwheel@system\.gserviceaccount\.com$"
)
_ACCOUNT = re.compile(r"@(?:(?P<project>[\w.:-]+?)\.iam|(?P<agent>[\w-]+))\.gserviceaccount\.com$")
_APP_ENGINE = re.compile(r"^(?P<project>[\w.:-]+)@appspot\.gserviceaccount\.com$")
_GOOGLE_AGENT = re.compile(
    r"@(gcp-sa-[\w-]+|gcf-admin-robot|cloudservices|developer|system|compute-system|[\w-]+-service|dlp-api)\b"
)


def project_of(principal: str) -> str | None:
    """Project that a service account belongs to; None for people and for Google's own service agents."""
    if found := _APP_ENGINE.search(principal):
        return found["project"]
    if _GOOGLE_AGENT.search(principal):
        return None
    found = _ACCOUNT.search(principal)
    return found["project"] if found else None


def is_account(principal: str) -> bool:
    """Whether a program rather than a person signs."""
    return principal.endswith(".gserviceaccount.com") or principal.startswith(("principal://", "principalSet://"))


def home_projects(configured: tuple[str, ...], bucket_project: str | None) -> frozenset[str]:
    """The projects whose identities are not external; empty if nothing is known, and then nobody is external."""
    return frozenset(configured) | ({bucket_project} if bucket_project else frozenset())


def kind_by_name(
    principal: str, delegation: str, agent: str, home: frozenset[str], settings: ConsumerSettings
) -> ConsumerKind:
    """What the identity's name says; behaviour may still make a maintenance actor of it."""
    if agent == "thermocline":
        return "ourselves"
    if (
        _matches(principal, settings.maintenance)
        or _MAINTENANCE.search(principal)
        or agent in {"transfer", "lifecycle"}
    ):
        return "maintenance"
    if _matches(principal, settings.external):
        return "external"
    if _matches(principal, settings.human) or (_person_behind(delegation) and agent.endswith("-interactive")):
        return "human"
    if not principal:
        return "service"  # usage logs name nobody
    if not is_account(principal):
        return "human"
    project = project_of(principal)
    foreign = bool(home) and project is not None and project not in home
    return "external" if foreign and not _matches(principal, settings.internal) else "service"


def _person_behind(delegation: str) -> bool:
    return bool(delegation) and not is_account(delegation.rsplit(",", maxsplit=1)[-1].strip())


def _matches(principal: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(principal, pattern) for pattern in patterns)
