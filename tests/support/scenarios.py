"""Scenario lakes: what happens in a bucket, told in YAML, turned into the files that real tools would leave behind.

A scenario (`tests/scenarios/*.yaml`) says in one sentence what must come out, lists the objects that are there, tells
the traffic in sentences, and names the verdicts expected:

    says: A sensor that asks for one object all day long is no reader.
    objects:
      - landing/part-{0..9}.parquet, 20 MiB, 400 days old
    traffic:
      - airflow reads landing/part-0.parquet daily x40
    expect:
      landing: {temperature: cold}

An object line is `NAME, SIZE, N days old [CLASS]`; `400 to 100 days old` spreads the objects over that span. A traffic
line is `WHO VERB WHAT [to WHERE] WHEN [xTIMES] [at HH:MM] [over N hours] [unlogged]`:

    VERB   reads, writes, deletes, updates, lists, probes (a missing object), copies, is-denied
    WHAT   a name, a name with {0..9}, or with {date} (20261031), {day} (2026-10-31), {path} (2026/10/31), {date-3};
           a folder with a star (what lies below it then), or `everything`; in double quotes where it holds a space
    WHEN   daily, weekdays, weekends, weekly, monthly, every N days, on days 3, 40 ago;
           then possibly: from 90 to 10 days ago

Days count back from the end of the window: day 0 is its last. `logs` may set `days` (default 120), `gaps` (pairs of
days ago) and `zone` (an offset for the timestamps, in hours). `callers` adds or changes identities. What is written
stays in the inventory until somebody deletes it; what is done `unlogged` leaves no log entry.
"""

import csv
import gzip
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

SCENARIOS = Path(__file__).parents[1] / "scenarios"
END = date(2026, 10, 31)
PROJECT = "analytics-prod"

PYTHON = "gcloud-python/2.18.2 gccl/2.18.2"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Chrome/129.0.0.0 Safari/537.36"
# Identity and user agent of those who appear in most scenarios.
CALLERS: dict[str, dict[str, str]] = {
    "airflow": {"principal": f"airflow@{PROJECT}.iam.gserviceaccount.com", "agent": "gccl/airflow_v2.9.1"},
    "etl": {"principal": f"etl@{PROJECT}.iam.gserviceaccount.com", "agent": PYTHON},
    "loader": {"principal": f"loader@{PROJECT}.iam.gserviceaccount.com", "agent": PYTHON},
    "bigquery": {"principal": f"bi@{PROJECT}.iam.gserviceaccount.com", "agent": "Google-BigQuery"},
    "beam": {
        "principal": f"dataflow@{PROJECT}.iam.gserviceaccount.com",
        "agent": "apache-beam/2.60.0 (GPN:Beam)",
        "job": "refresh-{date}-4f2a",
    },
    "analyst": {
        "principal": "analyst@example.com",
        "agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/129.0.0.0 Safari/537.36",
    },
    "engineer": {
        "principal": "engineer@example.com",
        "agent": "google-cloud-sdk gcloud/495.0.0 command/gcloud.storage.cp interactive/True from-script/False",
    },
    "partner": {
        "principal": "exporter@partner-prod.iam.gserviceaccount.com",
        "agent": PYTHON,
    },
    "cloudsql": {"principal": "p4012-x7@gcp-sa-cloud-sql.iam.gserviceaccount.com", "agent": ""},
    "dlp": {"principal": "service-4012@dlp-api.iam.gserviceaccount.com", "agent": ""},
    "transfer": {
        "principal": "project-4012@storage-transfer-service.iam.gserviceaccount.com",
        "agent": "google-storage-transfer-service",
    },
    "insights": {"principal": "service-4012@gcp-sa-storageinsights.iam.gserviceaccount.com", "agent": ""},
    "guard": {
        "principal": f"file-guard@{PROJECT}.iam.gserviceaccount.com",
        "agent": PYTHON,
    },
    "dashboard": {
        "principal": f"dashboard@{PROJECT}.iam.gserviceaccount.com",
        "agent": PYTHON,
    },
    "outsider": {"principal": "contractor@example.org", "agent": BROWSER},
    "ourselves": {
        "principal": f"thermocline@{PROJECT}.iam.gserviceaccount.com",
        "agent": "thermocline/0.1.0",
        "run": "run-1",
    },
}

_METHODS = {
    "reads": "storage.objects.get",
    "copies": "storage.objects.get",
    "probes": "storage.objects.get",
    "is-denied": "storage.objects.get",
    "writes": "storage.objects.create",
    "deletes": "storage.objects.delete",
    "updates": "storage.objects.update",
    "lists": "storage.objects.list",
}
_LINE = re.compile(
    r"^(?P<who>\S+) (?P<verb>reads|writes|deletes|updates|lists|probes|copies|is-denied) (?P<what>\"[^\"]+\"|\S+)"
    r"(?: to (?P<to>\S+))?"
    r" (?P<when>daily|weekdays|weekends|weekly|monthly|every \d+ days|on days? [\d, ]+ ago)"
    r"(?: from (?P<first>\d+) to (?P<last>\d+) days ago)?(?: x(?P<times>\d+))?(?: at (?P<at>\d\d:\d\d))?"
    r"(?: over (?P<hours>\d+) hours)?(?P<unlogged> unlogged)?$"
)
_OBJECTS = re.compile(
    r"^(?P<name>.+), (?P<size>[\d.]+ (?:B|KiB|MiB|GiB)), (?P<oldest>\d+)(?: to (?P<newest>\d+))? days? old"
    r"(?: (?P<class>[A-Z]+))?$"
)
_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


@dataclass
class Call:
    """One event, as the log will show it."""

    at: datetime
    who: str
    verb: str
    name: str
    to: str = ""


@dataclass
class Scenario:
    """A scenario and what came of playing it."""

    name: str
    says: str
    expect: dict[str, dict[str, Any]]
    raw: dict[str, Any]
    bucket: str = "data-bucket-prod"
    end: date = END
    objects: dict[str, tuple[int, datetime, str]] = field(default_factory=dict)  # name → size, created, class
    calls: list[Call] = field(default_factory=list)

    @property
    def days(self) -> int:
        """Length of the log window."""
        return int(self.raw.get("logs", {}).get("days", 120))

    def day(self, ago: int) -> date:
        """The day so many days before the end of the window."""
        return self.end - timedelta(days=ago)


def load(path: Path, *, end: date = END, words: Callable[[str], str] = lambda text: text) -> Scenario:
    """Read and play one scenario, with its window ending on another day and its words replaced if asked."""
    raw = YAML(typ="safe").load(words(path.read_text(encoding="utf-8")))
    bucket = raw.get("bucket", "data-bucket-prod")
    scenario = Scenario(path.stem, raw["says"], raw.get("expect") or {}, raw, bucket, end)
    _play(scenario)
    return scenario


def scenario_paths() -> list[Path]:
    """All scenarios, by name."""
    return sorted(SCENARIOS.glob("*.yaml"))


def _play(scenario: Scenario) -> None:
    rng = random.Random(scenario.name)
    for line in scenario.raw.get("objects", ()):
        _place(scenario, line, rng)
    plays = [_parse(line) for line in scenario.raw.get("traffic", ())]
    if scenario.raw.get("heartbeat", True):
        # A dashboard that lists the bucket every day: the logs are on, and it warms nothing.
        plays.append(_parse("dashboard lists / daily at 00:30"))
    for ago in range(scenario.days - 1, -1, -1):
        happening = [(play, moment) for play in plays for moment in _moments(play, scenario, ago)]
        for play, moment in sorted(happening, key=lambda pair: pair[1]):
            _perform(scenario, play, moment)


def _place(scenario: Scenario, line: str, rng: random.Random) -> None:
    parsed = _OBJECTS.match(line)
    assert parsed, f"{scenario.name}: cannot read object line {line!r}"
    number, unit = parsed["size"].split()
    oldest = int(parsed["oldest"])
    newest = int(parsed["newest"] or oldest)
    names = list(expand(parsed["name"]))
    for index, name in enumerate(names):
        ago = oldest - (oldest - newest) * index // max(len(names) - 1, 1)
        created = datetime.combine(scenario.day(ago), time(3, rng.randrange(60)), UTC)
        dated = _dated(name, scenario.day(ago))
        scenario.objects[dated] = (int(float(number) * _UNITS[unit]), created, parsed["class"] or "STANDARD")


def _parse(line: str) -> dict[str, Any]:
    parsed = _LINE.match(line)
    assert parsed, f"cannot read traffic line {line!r}"
    return {**parsed.groupdict(), "what": parsed["what"].strip('"')}


def _moments(play: dict[str, Any], scenario: Scenario, ago: int) -> Iterator[datetime]:
    day = scenario.day(ago)
    first, last = int(play["first"] or scenario.days), int(play["last"] or 0)
    if not last <= ago <= first or not _on(play["when"], day, ago):
        return
    times = int(play["times"] or 1)
    hour, minute = map(int, (play["at"] or "05:00").split(":"))
    start = datetime.combine(day, time(hour, minute), UTC)
    room = (24 * 60 - hour * 60 - minute - 1) * 60
    for number in range(times):
        apart = int(play["hours"]) * 3600 // times if play["hours"] else min(120, room // max(times, 1))
        yield start + timedelta(seconds=number * apart)


def _on(when: str, day: date, ago: int) -> bool:
    if when.startswith("on day"):
        return ago in {int(number) for number in re.findall(r"\d+", when)}
    if when.startswith("every"):
        return ago % int(when.split()[1]) == 0
    return {
        "daily": True,
        "weekdays": day.weekday() < 5,
        "weekends": day.weekday() >= 5,
        "weekly": ago % 7 == 0,
        "monthly": ago % 30 == 5,
    }[when]


def _perform(scenario: Scenario, play: dict[str, Any], moment: datetime) -> None:
    what, verb = play["what"], play["verb"]
    names = [_dated(name, moment.date()) for name in expand(what)]
    if what == "everything":
        names = sorted(scenario.objects)
    elif what.endswith("*"):
        start = _dated(what[:-1], moment.date())
        names = sorted(name for name in scenario.objects if name.startswith(start))
    for name in names:
        if verb == "writes":
            scenario.objects[name] = (int(scenario.raw.get("written_size", 1 << 20)), moment, "STANDARD")
        elif verb == "deletes":
            if name not in scenario.objects:
                continue
            del scenario.objects[name]
        if not play["unlogged"] and not _in_gap(scenario, moment.date()):
            to = _dated(play["to"], moment.date()) if play["to"] else ""
            scenario.calls.append(Call(moment, play["who"], verb, "" if verb == "lists" else name, to))
            if verb == "copies" and play["to"].startswith(f"{scenario.bucket}/"):
                _arrive(scenario, play, name, to, moment)


def _arrive(scenario: Scenario, play: dict[str, Any], name: str, to: str, moment: datetime) -> None:
    target = to.removeprefix(f"{scenario.bucket}/") + name.rsplit("/", 1)[-1]
    scenario.objects[target] = (scenario.objects[name][0], moment, "STANDARD")
    scenario.calls.append(Call(moment, play["who"], "writes", target))


def _in_gap(scenario: Scenario, day: date) -> bool:
    gaps = scenario.raw.get("logs", {}).get("gaps", ())
    return any(scenario.day(first) <= day <= scenario.day(last) for first, last in gaps)


def expand(name: str) -> Iterator[str]:
    """`a{0..2}` → a0, a1, a2; digits keep the width of the first number."""
    found = re.search(r"\{(\d+)\.\.(\d+)\}", name)
    if not found:
        yield name
        return
    width = len(found[1])
    for number in range(int(found[1]), int(found[2]) + 1):
        yield from expand(f"{name[: found.start()]}{number:0{width}}{name[found.end() :]}")


def _dated(name: str, day: date) -> str:
    formats = {"date": "%Y%m%d", "day": "%Y-%m-%d", "path": "%Y/%m/%d", "month": "%Y%m", "year": "%Y"}

    def replace(found: re.Match[str]) -> str:
        shifted = day - timedelta(days=int(found[2] or 0))
        return shifted.strftime(formats[found[1]])

    return re.sub(r"\{(date|day|path|month|year)(?:-(\d+))?\}", replace, name)


# What the files look like.


def write_logs(
    scenario: Scenario, folder: Path, *, files: int = 1, seed: int = 0, duplicates: float = 0.0
) -> list[Path]:
    """Log files (NDJSON, gzip) of a scenario; split, shuffled and with duplicates as asked. Insert ids are stable."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(f"{scenario.name}:{seed}")
    entries = [json.dumps(entry(scenario, number, call)) for number, call in enumerate(scenario.calls)]
    entries += [line for line in entries if rng.random() < duplicates]
    if files > 1:
        rng.shuffle(entries)
    paths = []
    for number in range(files):
        path = folder / f"{number:02}_S0.json.gz"
        # A fixed time in the header keeps equal content equal.
        with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as stream:
            stream.write("".join(f"{line}\n" for line in entries[number::files]).encode())
        paths.append(path)
    return paths


def entry(scenario: Scenario, number: int, call: Call) -> dict[str, Any]:
    """One LogEntry."""
    caller = {**CALLERS, **scenario.raw.get("callers", {})}[call.who]
    method = _METHODS[call.verb]
    granted = call.verb not in {"probes", "is-denied"}
    permission: dict[str, Any] = {"permission": method, "resource": f"projects/_/buckets/{scenario.bucket}"}
    payload: dict[str, Any] = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "serviceName": "storage.googleapis.com",
        "methodName": method,
        "resourceName": f"projects/_/buckets/{scenario.bucket}" + (f"/objects/{call.name}" if call.name else ""),
        "authenticationInfo": {"principalEmail": caller["principal"]} if caller["principal"] else {},
        "requestMetadata": {"callerIp": "private", "callerSuppliedUserAgent": f"{caller['agent']},gzip(gfe)"},
        "authorizationInfo": [{**permission, "granted": True} if granted else permission],
        "status": {"code": 7} if call.verb == "is-denied" else {},
    }
    if call.verb == "probes":
        listed = {"permission": "storage.objects.list", "granted": True, "resource": permission["resource"]}
        payload["authorizationInfo"] = [listed, permission]
    if "key" in caller:
        account = f"//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/{caller['principal']}"
        payload["authenticationInfo"]["serviceAccountKeyName"] = f"{account}/keys/{caller['key']}"
    headers = {}
    if "job" in caller:
        headers["x-goog-custom-audit-job"] = _dated(caller["job"], call.at.date())
    if "run" in caller:
        headers["x-goog-custom-audit-thermocline"] = caller["run"]
    metadata: dict[str, Any] = {"audit_context": {"audit_info": headers}} if headers else {}
    if call.verb == "copies":
        bucket, _, place = call.to.partition("/")
        metadata["destination"] = f"projects/_/buckets/{bucket}/objects/{place}{call.name.rsplit('/', 1)[-1]}"
    if metadata:
        payload["metadata"] = {"@type": "type.googleapis.com/google.cloud.audit.StorageAuditMetadata", **metadata}
    if "delegation" in caller:
        payload["authenticationInfo"]["serviceAccountDelegationInfo"] = [
            {"firstPartyPrincipal": {"principalEmail": caller["delegation"]}}
        ]
    zone = timezone(timedelta(hours=int(scenario.raw.get("logs", {}).get("zone", 0))))
    moment = call.at + timedelta(microseconds=number % 1_000_000)
    stamp = moment.astimezone(zone).isoformat() if zone.utcoffset(None) else f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"
    return {
        "protoPayload": payload,
        "insertId": f"{scenario.name}-{number}",
        "resource": {
            "type": "gcs_bucket",
            "labels": {"bucket_name": scenario.bucket, "location": "europe-west1", "project_id": PROJECT},
        },
        "timestamp": stamp,
        "severity": "INFO",
        "logName": f"projects/{PROJECT}/logs/cloudaudit.googleapis.com%2Fdata_access",
        "receiveTimestamp": stamp,
    }


def write_inventory(scenario: Scenario, folder: Path) -> Path:
    """A Storage Insights inventory report (CSV) of what is there at the end of the window."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"inventory_{scenario.end}.csv"
    columns = (
        "project bucket name location size timeCreated updated storageClass crc32c md5Hash generation metageneration"
    )
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*columns.split(), "contentType", "timeStorageClassUpdated"])
        for name, (size, created, storage_class) in sorted(scenario.objects.items()):
            stamp = f"{created:%Y-%m-%dT%H:%M:%S.%f}Z"
            generation = int(created.timestamp() * 1_000_000)
            row = [PROJECT, scenario.bucket, name, "europe-west1", size, stamp, stamp, storage_class, "AAAAAA==", ""]
            writer.writerow([*row, generation, 1, "application/octet-stream", stamp])
    return path
