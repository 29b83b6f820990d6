"""Command-line tools that act on buckets: gsutil, gcloud, bq, edr, rclone, curl, hadoop and others."""

import re
from collections.abc import Iterator, Mapping

from analysis.references.formats import sql
from analysis.references.guesses import guessed_role
from analysis.references.locations import Location, located
from analysis.references.model import Role, Site
from analysis.references.shells import shell
from analysis.references.shells.shell_words import expand
from analysis.references.text import HOLE, Text, literal

Touch = tuple[Role, Location, Site | None, str]

_LIST_VERBS = {"ls", "lsf", "lsl", "lsjson", "du", "list"}
_READ_VERBS = {"cat", "stat", "hash", "describe"}
_REFERENCE_VERBS = {
    "setmeta",
    "rewrite",
    "acl",
    "iam",
    "lifecycle",
    "label",
    "mb",
    "rb",
    "update",
    "cors",
    "defacl",
    "versioning",
    "create",
    "signurl",
}


def touches(command: shell.Command) -> Iterator[Touch]:
    """What one simple command of a storage tool touches."""
    words = command.words
    wrapped = bool(words) and words[0].flat.rpartition("/")[2] in _WRAPPERS
    for index, word in enumerate(words if wrapped else words[:6]):
        name = word.flat.rpartition("/")[2]
        rest = words[index + 1 :]
        if index == 0 and name in _FILE_TOOLS and any(located(one) for one in rest):
            yield from _copying(name, _plain(rest), rest if name == "rsync" else [], name)
            return
        if name in _TOOLS:
            yield from _TOOLS[name](rest if name != "rclone" else [_remote(one, command.variables) for one in rest])
        if name in ("bq", "duckdb", "psql", "snowsql") or "clickhouse" in name:
            yield from _queries(rest if name != "bq" else [], command)
        if name in _TOOLS or name in ("duckdb", "psql", "snowsql") or "clickhouse" in name:
            return


def handed_on(words: list[Text]) -> list[Text]:
    """The words of a submitted job: after `--`, or after the file that spark-submit runs."""
    flats = [word.flat for word in words]
    if flats and flats[0].rpartition("/")[2] == "gcloud":
        return words[flats.index("--") + 1 :] if "--" in flats else []
    if flats and flats[0].rpartition("/")[2] == "spark-submit":
        return words[_job_file(words[1:]) + 2 :]
    return []


def _queries(words: list[Text], command: shell.Command) -> Iterator[Touch]:
    stdin = [expand(command.stdin, command.variables, None)] if command.stdin else []
    for text in [*words, *stdin]:
        if sql.looks_like_sql(text.flat):
            yield from sql.touches(text)


def _plain(words: list[Text], valued: frozenset[str] = frozenset()) -> list[Text]:
    """Words that are no options, nor values of the options named."""
    result, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word.flat.startswith("-") and word.flat != "-":
            skip = word.flat in valued
        else:
            result.append(word)
    return result


def _option(words: list[Text], *names: str) -> Text | None:
    for index, word in enumerate(words):
        for name in names:
            if word.flat == name and index + 1 < len(words):
                return words[index + 1]
            if word.flat.startswith(name + "="):
                return word.cut(len(name) + 1)
    return None


def _place(role: Role, word: Text, via: str) -> Iterator[Touch]:
    place = located(word) or (None if via == "curl" else _named_so(word))
    if place is not None:
        yield role, place, word.first_line, via


_ADDRESS_NAME = re.compile(r"gcs|(?:^|_)gs_|bucket|_ur[il]$|remote", re.IGNORECASE)


def _named_so(word: Text) -> Location | None:
    """A word of which only the name of its variable is known, and that speaks of Cloud Storage."""
    piece = word.pieces[0] if len(word.pieces) == 1 else None
    return Location(word, word) if piece and piece.hole and _ADDRESS_NAME.search(piece.label) else None


def _gsutil(words: list[Text]) -> Iterator[Touch]:
    plain = _plain(words, frozenset({"-o", "-h", "-u", "-i"}))
    if plain:
        yield from _copying(plain[0].flat, plain[1:], words, "gsutil")


def _mirrors(words: list[Text]) -> bool:
    """Whether rsync removes from its target what its source has not."""
    return any(
        re.fullmatch(r"-[a-ceg-zA-Z]*d[a-zA-Z]*|--delete-unmatched-destination-objects", word.flat) for word in words
    )


def _somewhere(verb: str, targets: list[Text], words: list[Text], via: str) -> Iterator[Touch]:
    """Cloud Storage's own tool copies between values that nobody knows: one is a bucket, more often the last."""
    if not via.startswith(("gsutil", "gcloud")) or len(targets) < 2:
        return
    unknown = [target for target in (targets[-1], *targets[:-1]) if target.flat.startswith(HOLE)]
    for word in unknown[:1]:
        role: Role = "write" if word is targets[-1] else "read"
        slash = word.flat.find("/")
        place = Location(word.cut(0, slash), word.cut(slash + 1)) if slash > 0 else Location(word, word)
        yield role, place, word.first_line, via
        if verb == "rsync" and role == "write" and _mirrors(words):
            yield "delete", place, word.first_line, via


def _copying(verb: str, targets: list[Text], words: list[Text], tool: str) -> Iterator[Touch]:
    via = f"{tool} {verb}"
    if verb in ("cp", "mv", "rsync", "compose", "move", "copy", "sync"):
        found: list[Touch] = []
        for source in targets[:-1]:
            found.extend(_place("read", source, via))
            if verb in ("mv", "move"):
                found.extend(_place("delete", source, via))
        for target in targets[-1:]:
            found.extend(_place("write", target, via))
            if verb == "rsync" and _mirrors(words):
                found.extend(_place("delete", target, via))
        yield from found or _somewhere(verb, targets, words, via)
    elif verb in ("rm", "delete", "purge"):
        for target in targets:
            yield from _certain("delete", target, via)
    elif verb in _LIST_VERBS or verb in _READ_VERBS or verb in _REFERENCE_VERBS:
        role: Role = "list" if verb in _LIST_VERBS else "read" if verb in _READ_VERBS else "reference"
        for target in targets:
            yield from _certain(role, target, via)


def _certain(role: Role, word: Text, via: str) -> Iterator[Touch]:
    """What Cloud Storage's own tool acts on alone lies there, whatever it is."""
    found = list(_place(role, word, via))
    if not found and role != "reference" and word.flat.startswith(HOLE) and via.startswith(("gsutil", "gcloud")):
        slash = word.flat.find("/")
        place = Location(word.cut(0, slash), word.cut(slash + 1)) if slash > 0 else Location(word, word)
        found = [(role, place, word.first_line, via)]
    yield from found


def _gcloud(words: list[Text]) -> Iterator[Touch]:
    plain = _plain(words, frozenset({"--project", "--account", "--configuration", "--region", "--location"}))
    names = [word.flat for word in plain]
    if names[:1] in (["alpha"], ["beta"]):
        plain, names = plain[1:], names[1:]
    if names[:1] == ["storage"]:
        plain, names = plain[1:], names[1:]
        if names[:1] == ["buckets"]:
            for target in plain[2:]:
                yield from _place("reference", target, f"gcloud storage buckets {names[1]}")
            return
        if names[:1] in (["objects"], ["folders"]):
            plain, names = plain[1:], names[1:]
        if names:
            yield from _copying(names[0], plain[1:], words, "gcloud storage")
    elif names[:1] == ["sql"] and len(names) > 2:
        role: Role | None = {"export": "write", "import": "read"}.get(names[1])  # type: ignore[assignment]
        for word in plain[2:] if role else []:
            yield from _place(role or "reference", word, f"gcloud sql {names[1]}")
    elif names[:2] == ["transfer", "jobs"]:
        addresses = [word for word in plain[2:] if located(word)]
        for word, part in zip(addresses, ("read", "write"), strict=False):
            yield from _place("read" if part == "read" else "write", word, "gcloud transfer jobs")
    else:
        yield from _service(words, names)


_VERBS: dict[str, Role] = {
    "export": "write", "import": "read", "submit": "read", "build": "write", "run": "read", "upload": "read",
    "deploy": "read",
}  # fmt: skip


def _service(words: list[Text], names: list[str]) -> Iterator[Touch]:
    """Other services of gcloud: an option's name, or the verb, tells what an address is for."""
    via = " ".join(["gcloud", *names[:3]])
    verb: Role = next((_VERBS[name] for name in names[:5] if name in _VERBS), "reference")
    option = ""
    for word in words:
        flat = word.flat
        if flat == "--":  # what comes after is for the job
            return
        value = word
        if flat.startswith("--"):
            option, equals, _ = flat[2:].partition("=")
            if not equals:
                continue
            value = word.cut(len(option) + 3)
        for part in value.split(","):
            pair = re.match(r"(?:\^[^^]*\^)?(?P<name>[A-Za-z_][\w.-]*)=(?=gs://)", part.flat)
            named = pair["name"] if pair else option
            role = guessed_role(named.replace("-", "_"), "") if named else verb
            yield from _place(role or "reference", part.cut(pair.end()) if pair else part, via)
        option = ""


def _bq(words: list[Text]) -> Iterator[Touch]:
    plain = _plain(words, frozenset({"--project_id", "--location", "--dataset_id"}))
    verb = plain[0].flat if plain else ""
    role: Role = {"load": "read", "extract": "write", "mk": "read", "mkdef": "read"}.get(verb, "reference")  # type: ignore[assignment]
    for word in words:
        if sql.looks_like_sql(word.flat):
            yield from sql.touches(word)
            continue
        start = word.flat.find("gs://")
        # Where the partitions' names begin is no object that is read.
        acts: Role = "reference" if word.flat.startswith("--hive_partitioning_source_uri_prefix") else role
        for part in word.cut(start).split(",") if start >= 0 else []:
            yield from _place(acts, part, f"bq {verb}".strip())


_FLAGS = frozenset(("--verbose", "--supervise", "--help", "--version"))
_FILES = ("--jars", "--py-files", "--files", "--archives")


def _job_file(words: list[Text]) -> int:
    """Where the file that spark-submit runs stands among its words."""
    index = 0
    while index < len(words) and words[index].flat.startswith("-"):
        index += 1 if "=" in words[index].flat or words[index].flat in _FLAGS else 2
    return index


def _spark_submit(words: list[Text]) -> Iterator[Touch]:
    """The files a job consists of, and settings that name a place."""
    end = _job_file(words)
    for index, word in enumerate(words[:end]):
        option, equals, _ = word.flat.partition("=")
        value = word.cut(len(option) + 1) if equals else words[index + 1] if index + 1 < end else Text()
        if option in _FILES:
            for part in value.split(","):
                yield from _place("read", part, "spark-submit")
        elif option == "--conf":
            key = value.flat.partition("=")[0]
            role = guessed_role(key.replace(".", "_"), "")
            yield from _place(role or "reference", value.cut(len(key) + 1), "spark-submit")
    for word in words[end : end + 1]:
        yield from _place("read", word, "spark-submit")


def _edr(words: list[Text]) -> Iterator[Touch]:
    bucket = _option(words, "--gcs-bucket-name", "--gs-bucket-name")
    path = _option(words, "--bucket-file-path")
    if bucket is not None:
        yield "write", Location(bucket, path or literal("")), (path or bucket).first_line or bucket.first_line, "edr"


def _rclone(words: list[Text]) -> Iterator[Touch]:
    plain = _plain(words)
    if not plain:
        return
    yield from _copying(plain[0].flat.removesuffix("to"), plain[1:], words, "rclone")


def _remote(word: Text, variables: Mapping[str, Text]) -> Text:
    """`remote:bucket/path` as an address, where the remote is of Cloud Storage: by its configuration, else its name."""
    head, colon, _ = word.flat.partition(":")
    kind = variables.get(f"RCLONE_CONFIG_{head.upper().replace('-', '_')}_TYPE")
    if colon and "//" not in word.flat and re.search(r"gcs|gs|google", kind.flat if kind else head):
        return literal("gs://") + word.cut(len(head) + 1)
    return word


def _curl(words: list[Text]) -> Iterator[Touch]:
    writes = any(word.flat in ("-T", "--upload-file", "PUT", "--data-binary", "-XPUT") for word in words)
    for word in words:
        yield from _place("write" if writes else "read", word, "curl")


def _gcsfuse(words: list[Text]) -> Iterator[Touch]:
    plain = _plain(words)
    if plain:
        folder = _option(words, "--only-dir")
        yield "reference", Location(plain[0], folder or literal("")), plain[0].first_line, "gcsfuse"


def _hadoop(words: list[Text]) -> Iterator[Touch]:
    names = [word.flat for word in words]
    if "distcp" in names:
        yield from _copying("cp", _plain(words)[1:], words, "distcp")
        return
    verbs: dict[str, tuple[str, int]] = {
        "-cp": ("cp", 0),
        "-mv": ("mv", 0),
        "-put": ("cp", 0),
        "-get": ("cp", 0),
        "-ls": ("ls", 0),
        "-rm": ("rm", 0),
        "-cat": ("cat", 0),
        "-copyFromLocal": ("cp", 0),
    }
    for name in names:
        if name in verbs:
            yield from _copying(verbs[name][0], _plain(words)[1:], words, "hadoop fs")


# That run another command, somewhere among their words.
_WRAPPERS = frozenset(("docker", "podman", "kubectl", "sudo", "timeout", "nice", "env", "parallel", "retry", "su"))
# Of the system: they act on Cloud Storage where it is mounted.
_FILE_TOOLS = frozenset(("cp", "mv", "rm", "rsync", "ls", "cat"))
_TOOLS = {
    "gsutil": _gsutil,
    "gcloud": _gcloud,
    "bq": _bq,
    "edr": _edr,
    "rclone": _rclone,
    "curl": _curl,
    "wget": _curl,
    "gcsfuse": _gcsfuse,
    "hadoop": _hadoop,
    "hdfs": _hadoop,
    "spark-submit": _spark_submit,
}
