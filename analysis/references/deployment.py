"""Environment variables that the checkout sets for its programs: env files, Dockerfiles, compose and pod specs."""

import re

from analysis.references.checkout import Checkout
from analysis.references.model import Site
from analysis.references.operators import same_environment
from analysis.references.text import Text, literal

_LINE = re.compile(
    r"^\s*(?:export\s+|ENV\s+|-\s*)?(?P<name>[A-Z][A-Z0-9_]{2,})\s*(?:=|:\s)\s*[\"']?(?P<value>[^\"'\s#][^\"'#]*?)[\"']?\s*$"
)
_PAIR = re.compile(
    r"name[\"']?\s*[:=]\s*[\"']?(?P<name>[A-Z][A-Z0-9_]{2,})[\"']?\s*,?\s*\n\s*[\"']?value[\"']?\s*[:=]\s*[\"']?(?P<value>[^\"'\n]+?)[\"']?\s*(?:\n|,|$)"
)


# What Terraform computes is put in by the reader of Terraform.
_EXPRESSION = re.compile(r"(?:var|local|module|data|each|google_\w+)[.\[]")

_SCRIPT = re.compile(
    r"^\s*[\"']?(?P<name>[\w.-]+)[\"']?\s*=\s*[\"']?(?P<target>[A-Za-z_][\w.]*:[A-Za-z_]\w*)", re.MULTILINE
)


def variables(checkout: Checkout, env: str | None) -> dict[str, Text]:
    """Variables that all deployment files agree on, or that the file of this environment sets."""
    found: dict[str, dict[str, Text]] = {}
    for file in checkout.of("config", "yaml", "docker", "terraform"):
        if env and _of_another_environment(file.path, env):
            continue
        content = checkout.text(file.path)
        for match in (*_lines(content), *_PAIR.finditer(content)):
            line = content.count("\n", 0, match.start("value")) + 1
            value = literal(match["value"].strip(), Site(file.path, line))
            if "{{" in value.flat or "$" in value.flat or _EXPRESSION.match(value.flat):
                continue
            ours = bool(env) and re.search(rf"(?:^|[/._-]){re.escape(env or '')}(?:[/._-]|$)", file.path) is not None
            found.setdefault(match["name"], {})["ours" if ours else value.flat] = value
    return {
        name: values.get("ours") or next(iter(values.values()))
        for name, values in found.items()
        if "ours" in values or len(values) == 1
    }


_ENVIRONMENTS = re.compile(
    r"(?:^|[/._-])(?P<name>prod|production|prd|staging|stage|stg|preprod|dev|development|test|qa|uat|local|example|sample)"
    r"(?=[/._-]|$)",
    re.IGNORECASE,
)


def _of_another_environment(path: str, env: str) -> bool:
    """Whether a file's path names environments, and none of them is the one that is asked for."""
    named = {match["name"] for match in _ENVIRONMENTS.finditer(path)}
    return bool(named) and not any(same_environment(name, env) for name in named)


def installed_scripts(checkout: Checkout) -> dict[str, str]:
    """Console scripts that the checkout's packages install: name -> `module:function`."""
    found: dict[str, str] = {}
    for path in (
        *checkout.by_name.get("pyproject.toml", ()),
        *checkout.by_name.get("setup.cfg", ()),
        *checkout.by_name.get("setup.py", ()),
    ):
        for match in _SCRIPT.finditer(checkout.text(path)):
            found.setdefault(match["name"], match["target"])
    return found


def _lines(content: str) -> list[re.Match[str]]:
    pattern = re.compile(_LINE.pattern, re.MULTILINE)
    return list(pattern.finditer(content))
