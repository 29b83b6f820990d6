"""Writes synthetic audit logs of a data lake, as fast as Python can: about 1.6 kB a line, as real entries are.

A line is one of a few templates with the parts filled in that differ: object, day, identity, client, insert id.
"""

import gzip
import json
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

FOLDERS = [f"domain_{d:02}/table_{t:02}" for d in range(25) for t in range(16)]
PRINCIPALS = [f"job-{n:02}@lake-prod.iam.gserviceaccount.com" for n in range(18)] + ["analyst@example.com"]
AGENTS = [
    "gcloud-python/2.17.0  gl-python/3.11.8 grpc/1.62.1 gax/2.19.0 gccl/airflow_v2.9.1+composer,gzip(gfe)",
    "gcloud-python/2.18.2  gl-python/3.11.9 grpc/1.66.1 gax/2.19.2 gccl/2.18.2,gzip(gfe)",
    "apache-beam/2.60.0 (GPN:Beam),gzip(gfe)",
    "python-gcsfs/2024.9.0",
    "apitools Python/3.11.9 gsutil/5.30 (linux) analytics/disabled interactive/True command/cp google-cloud-sdk/495",
]
METHODS = (
    ["storage.objects.get"] * 12 + ["storage.objects.create"] * 5 + ["storage.objects.delete", "storage.objects.list"]
)
PADDING = "projects/lake-prod/global/networks/shared-vpc-of-the-data-platform/subnetworks/" + "x" * 330


def entry(method: str) -> dict[str, object]:
    """One entry with placeholders where events differ."""
    bucket = "projects/_/buckets/data-bucket-prod"
    resource = bucket if method.endswith("list") else f"{bucket}/objects/%(object)s"
    return {
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "status": {},
            "authenticationInfo": {
                "principalEmail": "%(principal)s",
                "principalSubject": "serviceAccount:%(principal)s",
                "serviceAccountDelegationInfo": [],
            },
            "requestMetadata": {
                "callerIp": "gce-internal-ip",
                "callerSuppliedUserAgent": "%(agent)s",
                "callerNetwork": PADDING,
                "requestAttributes": {"time": "%(day)sT%(time)s", "auth": {}},
                "destinationAttributes": {},
            },
            "serviceName": "storage.googleapis.com",
            "methodName": method,
            "authorizationInfo": [
                {"resource": resource, "permission": method, "granted": True, "resourceAttributes": {}}
            ],
            "resourceName": resource,
            "resourceLocation": {"currentLocations": ["europe-west1"]},
        },
        "insertId": "%(insert_id)s",
        "resource": {
            "type": "gcs_bucket",
            "labels": {"location": "europe-west1", "bucket_name": "data-bucket-prod", "project_id": "lake-prod"},
        },
        "timestamp": "%(day)sT%(time)s",
        "severity": "INFO",
        "logName": "projects/lake-prod/logs/cloudaudit.googleapis.com%%2Fdata_access",
        "receiveTimestamp": "%(day)sT%(time)s",
    }


def lines(count: int, *, seed: int = 7, days: int = 30) -> Iterator[str]:
    """`count` NDJSON lines in no order within their day."""
    rng = random.Random(seed)
    templates = {method: json.dumps(entry(method), separators=(",", ":")) + "\n" for method in METHODS}
    first = date(2026, 7, 1)
    for number in range(count):
        day = first + timedelta(days=number * days // count)
        table = int(rng.random() ** 2 * len(FOLDERS))
        method = METHODS[int(rng.random() * len(METHODS))]
        # A table has one writer and three readers; reading is mostly of what is new.
        reads = method == "storage.objects.get"
        age = int(rng.random() ** 3 * 60) if reads and rng.random() < 0.1 else int(rng.random() * 2) if reads else 0
        caller = table * 7 + int(rng.random() ** 2 * 3) if reads else table
        second, micro = divmod(int(rng.random() * 86_400_000_000), 1_000_000)
        yield templates[method] % {
            "object": f"{FOLDERS[table]}/dt={day - timedelta(days=age)}/part-{number % 4000:05}-{table:03}.parquet",
            "principal": PRINCIPALS[caller % len(PRINCIPALS)],
            "agent": AGENTS[caller % len(AGENTS)],
            "day": day,
            "time": f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{micro:06}789Z",
            "insert_id": f"{rng.getrandbits(58):x}",
        }


def write(folder: Path, count: int, *, files: int, zipped: bool, seed: int = 7, days: int = 30) -> list[Path]:
    """Write `count` lines over `files` files; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    source = lines(count, seed=seed, days=days)
    paths = []
    for number in range(files):
        path = folder / f"{number:03}.json{'.gz' if zipped else ''}"
        with gzip.open(path, "wt", compresslevel=3) if zipped else path.open("w") as stream:
            for _ in range(count // files):
                stream.write(next(source))
        paths.append(path)
    return paths
