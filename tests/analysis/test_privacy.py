"""With `--pseudonymise`, nothing that is written or printed holds a person's address: catalogue, plan, reports."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from analysis.catalogue import Catalogue
from judged_lake import thermocline
from log_entries import BUCKET, entry, lines, write

# Words that nothing else would say; one begins like a pseudonym, one ends like another.
PEOPLE = ["analyst-7f3@example.com", "person-in-charge@example.com", "chief-analyst-7f3@example.com"]
ROBOT = "job@project.iam.gserviceaccount.com"
DAYS = [date(2026, 7, 1) + timedelta(days=number) for number in range(100)]


def logs(folder: Path) -> Path:
    """People read and write by hand, or act through a service; a robot works every day; some lines are broken."""
    folder.mkdir()
    made = []
    for number, day in enumerate(DAYS):
        at = f"{day}T09:00:00Z"
        for method in ("storage.objects.create", "storage.objects.get"):
            made.append(entry(f"daily/{number}", at=at, principal=ROBOT, method=method))
            if number % 9 == 0:
                person = PEOPLE[number // 9 % len(PEOPLE)]
                agent = "apitools gsutil/5.30 interactive/True command/cp"
                made.append(entry(f"archives/{number}", at=at, principal=person, agent=agent, method=method))
                made.append(entry(f"daily/{number}", at=f"{day}T10:00:00Z", principal=ROBOT, method=method))
                made[-1]["protoPayload"]["authenticationInfo"]["serviceAccountDelegationInfo"] = [
                    {"firstPartyPrincipal": {"principalEmail": person}}
                ]
    subject = entry("archives/s", at=f"{DAYS[3]}T01:00:00Z", principal="")
    subject["protoPayload"]["authenticationInfo"] = {"principalSubject": f"user:{PEOPLE[0]}"}
    broken = lines({**entry("archives/b", principal=PEOPLE[0]), "timestamp": "soon"}).strip()
    write(folder / "1.json", *made, subject, broken, broken[:-30])
    return folder


def inventory(path: Path) -> Path:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["bucket", "name", "size", "timeCreated", "storageClass", "location"])
        for number in range(100):
            row = [str(50_000_000), "2024-01-01T00:00:00Z", "STANDARD", "europe-west1"]
            writer.writerows([BUCKET, f"{folder}/{number}", *row] for folder in ("daily", "archives"))
    return path


def texts(catalogue: Path) -> str:
    """Every value of every table, as text."""
    with Catalogue.open(catalogue) as opened:
        tables = [name for (name,) in opened.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return "\n".join(str(opened.connection.execute(f"FROM {table}").fetchall()) for table in tables)


def hold_no_person(*said: str) -> None:
    for text in said:
        assert not [person for person in PEOPLE if person.split("@")[0] in text.lower()]


@pytest.mark.parametrize("late", [False, True], ids=["from the start", "after an analysis in clear"])
def test_no_person_is_written_down(tmp_path: Path, late: bool) -> None:
    source, made = logs(tmp_path / "logs"), tmp_path / "made"
    made.mkdir()
    catalogue, plan = made / "c.duckdb", made / "plan.json"
    thermocline("ingest", "logs", source, *([] if late else ["--pseudonymise"]), "--catalogue", catalogue)
    snapshot = inventory(tmp_path / "inventory_2026-10-09.csv")
    thermocline("ingest", "inventory", snapshot, "--date", "2026-10-09", "--catalogue", catalogue)
    if late:
        thermocline("analyze", "--bucket", BUCKET, "--catalogue", catalogue)
        assert all(person in texts(catalogue) for person in PEOPLE), "this catalogue never held a person"
        thermocline("ingest", "logs", source, "--pseudonymise", "--catalogue", catalogue)
        hold_no_person(texts(catalogue))
    told = ("--bucket", BUCKET, "--catalogue", catalogue)
    said = [
        thermocline("analyze", *told),
        *(thermocline(name, "--json", *told) for name in ("subfolders", "consumers", "coverage", "contradictions")),
        thermocline("plan", "generate", "--env", "prod", "--output", plan, *told),
    ]
    thermocline("report", "--bucket", BUCKET, "--catalogue", catalogue, "--output", made / "reports")
    hold_no_person(*said, texts(catalogue))
    written = [path for path in made.rglob("*") if path.is_file() and (path != catalogue or not late)]
    assert len(written) > 3
    hold_no_person(*(path.read_bytes().decode("utf-8", "replace") for path in written))
    # The same person always has the same pseudonym, however the log names them.
    with Catalogue.open(catalogue) as opened:
        found = opened.connection.execute("SELECT count(DISTINCT principal) FROM access WHERE principal <> ?", [ROBOT])
        assert found.fetchone() == (len(PEOPLE),)
