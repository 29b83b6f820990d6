"""Names: use cases, target buckets by the convention `{use-case}-bucket-{env}`, and the one templating there is."""

import re
from hashlib import sha256

from analysis.errors import nearest
from analysis.model import path_of, prefix_of
from planner.errors import InvalidPlanInput

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
BUCKET = re.compile(r"[a-z0-9][a-z0-9_-]*[a-z0-9]")
BUCKET_CHARACTERS = 63
ENV = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
DATES = ("YYYYMMDD", "YYYY-MM-DD", "YYYY/MM/DD", "YYYY", "MM", "DD")


def check_env(env: str) -> str:
    """An environment name as it may stand in bucket names."""
    if not ENV.fullmatch(env):
        raise InvalidPlanInput(
            f"{env!r} cannot name an environment", "use lower case, digits and dashes: dev, stg, prod"
        )
    return env


def render(template: str, env: str, where: str) -> str:
    """The template with `{env}` replaced; any other placeholder is refused, naming `where` it stands."""
    for name in PLACEHOLDER.findall(template):
        if name != "env":
            raise InvalidPlanInput(
                f"{where}: unknown placeholder {{{name}}} in {template!r}", "only {env} is known here"
            )
    text = template.replace("{env}", env)
    if "{" in text or "}" in text:
        raise InvalidPlanInput(f"{where}: a brace without its partner in {template!r}", "write {env}, or no braces")
    return text


def render_partition(template: str, env: str, where: str) -> str:
    """The template with `{env}` replaced and its date placeholders kept; one date is required."""
    found = PLACEHOLDER.findall(template)
    for name in found:
        if name not in {"env", *DATES}:
            raise InvalidPlanInput(
                f"{where}: unknown placeholder {{{name}}} in {template!r}", nearest(name, ("env", *DATES))
            )
    if not any(name in DATES for name in found):
        raise InvalidPlanInput(f"{where}: {template!r} names no date", "add {YYYYMMDD} where the date stands")
    return template.replace("{env}", env)


def use_case_name(subfolder: str) -> str:
    """The use case that a discovered subfolder gets: `bigquery_imports/seed` becomes `bigquery_imports_seed`."""
    name = re.sub(r"[^a-z0-9_-]+", "_", subfolder.lower()).strip("_-")
    return name or ("folder" if subfolder else "root_objects")


def bucket_name(use_case: str, env: str) -> str:
    """`{use-case}-bucket-{env}`, as bucket names may be.

    A folder that is too long, or named after Google, gives up what has to go, and six digits keep it apart from others.
    """
    stem, end = spoken_alike(use_case), f"-bucket-{env}"
    allowed = re.sub("google|g00gle|^goog", "", stem).strip("-")
    if allowed != stem or len(stem + end) > BUCKET_CHARACTERS:
        mark = sha256(use_case.encode()).hexdigest()[:6]
        stem = f"{allowed[: BUCKET_CHARACTERS - len(end) - 7].strip('-')}-{mark}".strip("-")
    return stem + end


def spoken_alike(use_case: str) -> str:
    """What use cases must differ in: `a_b`, `a-b` and `A_b` would share a bucket, or files where case is ignored."""
    return re.sub(r"[^a-z0-9]+", "-", use_case.lower()).strip("-")


def check_bucket_name(name: str, where: str) -> str:
    """A bucket name that Cloud Storage accepts. Raises InvalidPlanInput with a sentence that says what to do."""
    if len(name) > BUCKET_CHARACTERS:
        raise InvalidPlanInput(
            f"{where}: the bucket name {name!r} has {len(name)} characters, {BUCKET_CHARACTERS} are allowed",
            "give the subfolder a shorter target where it is configured, or in bucket_mappings.yaml",
        )
    if len(name) < 3 or not BUCKET.fullmatch(name):
        raise InvalidPlanInput(
            f"{where}: {name!r} is not a bucket name",
            "use 3 to 63 lower-case letters, digits, dashes and underscores, with a letter or digit at both ends",
        )
    if name.startswith("goog") or "google" in name or "g00gle" in name:
        raise InvalidPlanInput(
            f"{where}: Cloud Storage refuses the name {name!r}", "leave 'goog' and 'google' out of it"
        )
    return name


def written(path: str) -> str:
    """A path as a plan writes it: a folder with its slash, the beginning of a name with its star."""
    return path_of(prefix_of(path))
