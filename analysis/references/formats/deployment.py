"""Environment variables that the checkout sets for its programs: env files, Dockerfiles, compose and pod specs."""

import re
from collections.abc import Iterator

from analysis.references.checkout import Checkout
from analysis.references.model import Site
from analysis.references.python.operators import same_environment
from analysis.references.shells.shell_words import expand
from analysis.references.text import HOLE, Text, literal

_LINE = re.compile(
    r"^\s*(?:export\s+|ENV\s+|-\s*)?(?P<name>[A-Z][A-Z0-9_]{2,})\s*(?:=|:\s)\s*[\"']?(?P<value>[^\"'\s#][^\"'#]*?)[\"']?\s*$"
)
_PAIR = re.compile(
    r"name[\"']?\s*[:=]\s*[\"']?(?P<name>[A-Z][A-Z0-9_]{2,})[\"']?\s*,?\s*\n\s*[\"']?value[\"']?\s*[:=]\s*[\"']?(?P<value>[^\"'\n]+?)[\"']?\s*(?:\n|,|$)"
)


# A remote of rclone's own configuration, and whether it is one of Cloud Storage.
_REMOTE = re.compile(r"^\[(?P<name>[\w .-]+)\][ \t]*\r?\n(?P<settings>(?:(?!\[)[^\n]*\n?)*)", re.MULTILINE)
_GOOGLE = re.compile(r"^\s*(?:type\s*=\s*google cloud storage|provider\s*=\s*gcs)\s*$", re.MULTILINE | re.IGNORECASE)

# What Terraform computes is put in by the reader of Terraform.
_EXPRESSION = re.compile(r"(?:var|local|module|data|each|google_\w+)[.\[]")

_SCRIPT = re.compile(
    r"^\s*[\"']?(?P<name>[\w.-]+)[\"']?\s*=\s*[\"']?(?P<target>[A-Za-z_][\w.]*:[A-Za-z_]\w*)", re.MULTILINE
)


def variables(checkout: Checkout, env: str | None) -> dict[str, Text]:
    """Variables that all deployment files agree on, or that the file of this environment sets."""
    found: dict[str, dict[str, Text]] = {}
    for file in checkout.of("config", "yaml", "docker", "terraform"):
        if env and of_another_environment(file.path, env):
            continue
        content = checkout.text(file.path)
        for match in (*_lines(content), *_PAIR.finditer(content)):
            line = content.count("\n", 0, match.start("value")) + 1
            value = literal(match["value"].strip(), Site(file.path, line))
            if "{{" in value.flat or "$" in value.flat or _EXPRESSION.match(value.flat):
                continue
            ours = bool(env) and re.search(rf"(?:^|[/._-]){re.escape(env or '')}(?:[/._-]|$)", file.path) is not None
            found.setdefault(match["name"], {})["ours" if ours else value.flat] = value
        for match in _REMOTE.finditer(content) if "rclone" in file.path else ():
            # As rclone itself would read it from the environment.
            name = f"RCLONE_CONFIG_{match['name'].upper().replace('-', '_')}_TYPE"
            kind = "google cloud storage" if _GOOGLE.search(match["settings"]) else "another"
            found.setdefault(name, {})[kind] = literal(kind, Site(file.path, 1))
    for file in checkout.of("shell", "makefile", "yaml", "windows"):
        if not (env and of_another_environment(file.path, env)):
            for name, given in _handed_over(file.path, checkout.text(file.path), env):
                found.setdefault(name, {})[given.flat] = given
    return {
        name: values.get("ours") or next(iter(values.values()))
        for name, values in found.items()
        if "ours" in values or len(values) == 1
    }


# `gcloud run deploy --set-env-vars A=b,C=d`, as one word, two, or two items of a list; `docker run -e A=b`.
_GIVEN = re.compile(
    r"--(?:set-|update-)?env-vars(?:=|[\"']?\s*,?\s*(?:-\s+)?)[\"']?(?:\\\n\s*)?(?:\^(?P<between>.)\^)?"
    r"(?P<pairs>[A-Za-z_]\w*=(?:[^\s\"'\\]|\\\n\s*){0,4000})"
    r"|(?<![\w-])(?:-e|--env)(?:=|\s+)[\"']?(?P<one>[A-Za-z_]\w*=[^\s\"'\\]{1,500})"
)
_NAMED = re.compile(
    r"^[ \t]*(?:-[ \t]+)?(?:export[ \t]+|local[ \t]+|readonly[ \t]+)?(?P<name>[A-Za-z_]\w*)[ \t]*"
    r"(?::?\??=|:[ \t])[ \t]*"
    r"(?P<value>\"[^\"\n]{0,400}\"|'[^'\n]{0,400}'|[^\s;#\"'][^\n;#\"']{0,400})",
    re.MULTILINE,
)
_OTHER_FORMS = re.compile(r"\$\{\{\s*(?:env|vars)\.(\w+)\s*\}\}|\$\((\w+)\)")


def _assigned(content: str) -> dict[str, Text]:
    """What a file assigns to names, anywhere; of `NAME=${NAME:-value}` the value."""
    known: dict[str, Text] = {}
    for match in _NAMED.finditer(content):
        name, value = match["name"], match["value"].strip("\"' ")
        default = value.startswith(f"${{{name}:-") and value.endswith("}")
        known[name] = literal(value[len(name) + 4 : -1] if default else value)
    return known


def _handed_over(path: str, content: str, env: str | None) -> Iterator[tuple[str, Text]]:
    """Variables that a command of a script, a Makefile or a build gives to what it deploys or runs."""
    if "env" not in content and " -e " not in content:
        return
    found = list(_GIVEN.finditer(content))
    known = _assigned(content) if found else {}
    for match in found[:200]:
        site = Site(path, content.count("\n", 0, match.start()) + 1)
        for pair in re.sub(r"\\\n\s*", "", match["pairs"] or match["one"]).split(match["between"] or ","):
            name, _, value = pair.partition("=")
            text = literal(_OTHER_FORMS.sub(lambda other: "${" + (other[1] or other[2]) + "}", value), site)
            for _ in range(4):
                text = expand(text, known, env) if "$" in text.flat else text
            if name.strip() and text.flat and "$" not in text.flat and HOLE not in text.flat:
                yield name.strip(), text


_ENVIRONMENTS = re.compile(
    r"(?:^|[/._-])(?P<name>prod|production|prd|staging|stage|stg|preprod|dev|development|test|qa|uat|local|example|sample)"
    r"(?=[/._-]|$)",
    re.IGNORECASE,
)


def of_another_environment(path: str, env: str) -> bool:
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
